"""Python's own logging in a job's process: what job code logs becomes lines of the job's log.

The child switches it on. Job code that sets handlers of its own, when it is imported, keeps them.
"""

import logging

from queueapp.context import JobContext


class JobLogHandler(logging.Handler):
    """Hands records to a job's log, each with its level and its logger's name."""

    def __init__(self, job: JobContext) -> None:
        super().__init__()
        self._job = job

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; a record that cannot be formatted is told as logging always does."""
        try:
            self._job.log(_level(record.levelno), self.format(record), logger=record.name)
        except Exception:  # noqa: BLE001 - no line of a log is worth a job
            self.handleError(record)


def log_through(job: JobContext) -> None:
    """Let the root logger write to a job's log, from INFO on."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(JobLogHandler(job))
        root.setLevel(logging.INFO)


def _level(number: int) -> str:
    named = ((logging.ERROR, "ERROR"), (logging.WARNING, "WARN"), (logging.INFO, "INFO"))
    return next((name for least, name in named if number >= least), "DEBUG")
