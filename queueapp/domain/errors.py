"""Every error that the product reports, by its stable code.

The API turns codes into HTTP statuses in one table; scripts fail with the same codes.
"""


class QueueappError(Exception):
    """Something went wrong inside queueapp."""

    code = "internal"

    def __init__(self, message: str = "", **details: object) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.details = details
        super().__init__(self.message)


class ValidationFailed(QueueappError):
    """The request is not valid."""

    code = "validation_failed"

    def __init__(self, message: str = "", *, errors: list[tuple[str, str]] | None = None) -> None:
        super().__init__(message)
        self.errors = errors or []


class NotFound(QueueappError):
    """There is no such thing here."""

    code = "not_found"


class Conflict(QueueappError):
    """The thing is in a state that does not allow this."""

    code = "conflict"


class JobNotCompleted(Conflict):
    """The job has not completed, so it has no results."""

    code = "job_not_completed"


class JobNotCancellable(Conflict):
    """The job has already ended."""

    code = "job_not_cancellable"


class JobNotRetryable(Conflict):
    """Only a job that failed or was cancelled can be retried."""

    code = "job_not_retryable"


class CrossesBoundary(Conflict):
    """The position lies outside the job's priority."""

    code = "crosses_priority_boundary"


class MoveTooFar(Conflict):
    """The move would exchange the places of too many jobs at once."""

    code = "move_too_far"


class VersionStale(QueueappError):
    """The queue has changed since the version that the request names."""

    code = "precondition_failed"


class InUse(Conflict):
    """Something that has not ended still needs this."""

    code = "in_use"


class IdempotencyInProgress(Conflict):
    """A request with the same idempotency key is still being answered."""

    code = "idempotency_in_progress"


class IdempotencyMismatch(QueueappError):
    """The idempotency key was used before with another request."""

    code = "idempotency_mismatch"


class JobTypeUnavailable(QueueappError):
    """No worker offers this job type."""

    code = "job_type_unavailable"


class QueueFull(QueueappError):
    """The queue holds as many jobs as it may."""

    code = "queue_full"


class RateLimited(QueueappError):
    """Too many requests."""

    code = "rate_limited"


class TooManyStreams(QueueappError):
    """The key has as many event streams open as it may."""

    code = "too_many_streams"


class Gone(QueueappError):
    """The link has expired."""

    code = "gone"


class Unavailable(QueueappError):
    """The store cannot be reached; try again shortly."""

    code = "unavailable"

    @property
    def reason(self) -> str:
        """Say what stands behind it, for log lines: who called is told the message alone."""
        behind = self.__cause__
        if behind is None:
            return self.message
        return f"{self.message} ({behind.reason if isinstance(behind, Unavailable) else behind})"


class LeaseLost(QueueappError):
    """Another attempt owns the job now, or the job has ended."""

    code = "lease_lost"


class Unauthorized(QueueappError):
    """A valid key is needed."""

    code = "unauthorized"


class Forbidden(QueueappError):
    """The key's role does not allow this."""

    code = "forbidden"


class NotYourJob(Forbidden):
    """Changing another user's job needs the role operator."""

    code = "not_your_job"


class NotYourPlace(Forbidden):
    """Another user's job holds that place."""

    code = "not_your_place"
