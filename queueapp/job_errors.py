"""The errors that a job's own code may raise, and the one that it is stopped with.

Tracebacks name them as authors import them, not by where they stand.
"""


class BadInput(Exception):
    """The job's input cannot be worked with; trying again would not help."""

    __module__ = "queueapp"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class RetryableError(Exception):
    """The attempt failed for a reason that may pass."""

    __module__ = "queueapp"

    def __init__(self, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.after_s = after_s


class JobCancelled(BaseException):
    """The job was asked to stop.

    It is no Exception, so a job's own ``except Exception`` lets it pass.
    """

    __module__ = "queueapp"
