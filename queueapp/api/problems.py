"""The errors of the API by code: their status, their title, what a client can do about them.

One table that the answers, the OpenAPI documents and the readable pages share; it answers nothing.
"""

from dataclasses import dataclass

PROBLEM_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Problem:
    """One kind of error as clients know it: its HTTP status, its title, what to do about it."""

    status: int
    title: str
    advice: str
    #: The field that is at fault whenever the error itself names none.
    field: str | None = None


PROBLEMS: dict[str, Problem] = {
    "validation_failed": Problem(
        400,
        "The request is not valid",
        "Correct the fields that the list called errors names; nothing was changed.",
    ),
    "job_type_unavailable": Problem(
        400,
        "No worker offers this job type",
        "Use one of the job types that the message names, or start a worker that offers it.",
        field="/jobType",
    ),
    "unauthorized": Problem(
        401,
        "A valid key is needed",
        "Send one API key, either as Authorization: Bearer or as X-API-KEY.",
    ),
    "forbidden": Problem(
        403, "The key's role does not allow this", "Use a key with the role that the detail names."
    ),
    "not_your_job": Problem(
        403,
        "The job is another user's",
        "Change your own jobs, or use a key with the role operator.",
    ),
    "not_your_place": Problem(
        403,
        "Another user's job holds that place",
        "Choose a place that one of your own jobs holds, or name such a job as beforeJobId.",
    ),
    "not_found": Problem(
        404,
        "There is no such thing here",
        "Check the ids in the address; things that the key does not cover look the same.",
    ),
    "method_not_allowed": Problem(
        405, "The address does not know this method", "The Allow header lists the methods it knows."
    ),
    "not_acceptable": Problem(
        406, "The answer cannot be given in this form", "Accept application/json."
    ),
    "request_timeout": Problem(408, "The request took too long to arrive", "Send it again."),
    "conflict": Problem(
        409,
        "The thing is in a state that does not allow this",
        "Read its present state, then decide whether the request still makes sense.",
    ),
    "job_not_completed": Problem(
        409,
        "The job has no results",
        "Wait until its status is Completed; a failed job says why in its error.",
    ),
    "job_not_cancellable": Problem(
        409, "The job has already ended", "Nothing is left to cancel; read the job."
    ),
    "job_not_retryable": Problem(
        409,
        "Only a job that failed or was cancelled can be retried",
        "Wait until the job ends; submit a job that has completed as a new one.",
    ),
    "crosses_priority_boundary": Problem(
        409,
        "The position lies beyond the job's priority",
        "Choose a position within the tier, or change the job's priority first.",
    ),
    "move_too_far": Problem(
        409,
        "The move exchanges the places of too many jobs",
        "Move the job in several steps.",
    ),
    "in_use": Problem(
        409, "Something that has not ended still needs this", "Let those jobs end or cancel them."
    ),
    "idempotency_in_progress": Problem(
        409,
        "The first request with this idempotency key is still being answered",
        "Repeat the request after the seconds that Retry-After gives.",
    ),
    "lease_lost": Problem(409, "Another attempt owns the job now", "Read the job's present state."),
    "gone": Problem(410, "The link has expired", "Ask for the results again to get a new link."),
    "length_required": Problem(411, "The length of the body is missing", "Send Content-Length."),
    "precondition_failed": Problem(
        412, "The thing has changed since it was read", "Read it again and repeat the change."
    ),
    "payload_too_large": Problem(
        413, "The body is too large", "Send less; the detail names the limit."
    ),
    "uri_too_long": Problem(414, "The address is too long", "Send fewer or shorter parameters."),
    "unsupported_media_type": Problem(
        415,
        "The body has the wrong content type",
        "Send JSON as application/json and files as multipart/form-data, neither compressed.",
    ),
    "range_not_satisfiable": Problem(416, "The range lies outside the file", "Ask for less."),
    "expectation_failed": Problem(
        417, "The Expect header cannot be met", "Send Expect: 100-continue or none."
    ),
    "idempotency_mismatch": Problem(
        422,
        "The idempotency key was used before with another request",
        "Use a new key for a new request.",
    ),
    "queue_full": Problem(
        429,
        "The queue holds as many jobs as it may",
        "Submit again after the seconds that Retry-After gives.",
    ),
    "rate_limited": Problem(
        429, "Too many requests", "Slow down to what the Retry-After header allows."
    ),
    "too_many_streams": Problem(
        429,
        "Too many event streams are open with this key",
        "Close one, or share one among several readers.",
    ),
    "headers_too_large": Problem(
        431, "The headers are too large", "Send fewer or shorter headers, such as cookies."
    ),
    "internal": Problem(
        500,
        "Something went wrong inside",
        "It was logged under the request id; repeating the request may help.",
    ),
    "not_implemented": Problem(
        501, "The transfer coding is not known", "Send the body with a length, or chunked."
    ),
    "unavailable": Problem(
        503,
        "The service cannot answer now",
        "Repeat the request after the seconds that Retry-After gives.",
    ),
}

# What werkzeug raises by itself; any other 4xx is a malformed request.
BY_STATUS = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    409: "conflict",
    410: "gone",
    411: "length_required",
    412: "precondition_failed",
    413: "payload_too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    429: "rate_limited",
    503: "unavailable",
}
