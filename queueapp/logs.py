"""Log lines as JSON on standard error, with the request or the job that they belong to."""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import orjson
import structlog


def line(event: dict[str, Any], **_: Any) -> str:
    """Return one log line; text that is no valid Unicode is escaped rather than refused."""
    try:
        return orjson.dumps(event, default=str).decode()
    except TypeError:
        return json.dumps(event, default=str)


def configure_logs(
    level: int = logging.INFO, *, facts: Callable[[], dict[str, Any]] = dict
) -> None:
    """Send our own lines and other libraries' lines to standard error as JSON.

    ``facts`` is asked, as each line is written, what belongs to all lines of its thread.
    """
    shared: list[structlog.typing.Processor] = [
        lambda _logger, _method, event: facts() | dict(event),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    # Our own lines go straight out: a line is written per job, and logging's locks cost more than
    # all the rest of it.
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=line)],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=line),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
