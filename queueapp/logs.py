"""Log lines on standard error, with the request or the job that they belong to.

JSON in production, for programs to read; words in development, for people. Tracebacks are plain:
the values of local variables, where passwords may stand, are never written.
"""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import orjson
import structlog

from queueapp.config import Config

Processors = list[structlog.typing.Processor]


def line(event: dict[str, Any], **_: Any) -> str:
    """Return one log line; text that is no valid Unicode is escaped rather than refused."""
    try:
        return orjson.dumps(event, default=str).decode()
    except TypeError:
        return json.dumps(event, default=str)


def configure_logs(
    level: int = logging.INFO,
    *,
    facts: Callable[[], dict[str, Any]] = dict,
    readable: bool = False,
) -> None:
    """Send our own lines and other libraries' lines to standard error in one form.

    ``facts`` is asked, as each line is written, what belongs to all lines of its thread;
    ``readable`` lines are for people.
    """
    shared: Processors = [
        lambda _logger, _method, event: facts() | dict(event),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    written = _words() if readable else _json()
    # Our own lines go straight out: a line is written per job, and logging's locks cost more than
    # all the rest of it.
    structlog.configure(
        processors=[*shared, *written],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[remove, *written],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def for_people(config: Config) -> bool:
    """Tell whether people rather than programs read the log."""
    return config.environment != "production"


def _json() -> Processors:
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(serializer=line),
    ]


def _words() -> Processors:
    # Where `rich` is installed, structlog's own choice would show local variables.
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,
            pad_event_to=0,
        )
    ]
