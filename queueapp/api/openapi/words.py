"""What the API document says of headers, path parameters and itself."""

from typing import Any

Doc = dict[str, Any]

INFO = """Submit process-mining jobs, follow them through the queue, fetch what they made.

Times are UTC. Durations and sizes are readable texts with numbers beside them. `null` means not
known or not applicable. Fields may be added to answers at any time; requests refuse fields that
they do not know. Every error is a problem document with a stable `code`.
"""

HEADERS: dict[str, Doc] = {
    "X-Request-Id": {
        "description": "The request's id: the caller's own if it sent a valid one.",
        "schema": {"type": "string", "maxLength": 64},
    },
    "Location": {
        "description": "The address of what was made.",
        "schema": {"type": "string", "format": "uri"},
    },
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer", "format": "int32", "minimum": 0},
    },
    "RateLimit-Policy": {
        "description": "How many requests the key may make in how many seconds; not sent to keys "
        'that nothing limits: "default";q=6000;w=60.',
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": "What is left to the key, and in how many seconds all of it is back: "
        '"default";r=5990;t=1.',
        "schema": {"type": "string"},
    },
    "Idempotency-Replayed": {
        "description": "true if this is the answer to the first request with the same key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "ETag": {
        "description": "The version of the job's tier, or of all tiers of a queue, for If-Match.",
        "schema": {"type": "string"},
        "example": '"Normal-17"',
    },
    "WWW-Authenticate": {
        "description": "How to authenticate.",
        "schema": {"type": "string"},
    },
}
EVERYWHERE = ("X-Request-Id", "RateLimit-Policy", "RateLimit")
PROBLEM_HEADERS = {
    401: "WWW-Authenticate",
    412: "ETag",
    **dict.fromkeys((409, 429, 503), "Retry-After"),
}
PATH_PARAMETERS: dict[str, Doc] = {
    "priority": {
        "description": "The tier, in any case: Critical, High, Normal or Low.",
        "example": "High",
    },
    "tenantId": {"description": "The tenant.", "example": "acme"},
    "projectId": {"description": "The project.", "example": "sales"},
    "jobId": {
        "description": "The job.",
        "example": "cc0e8400-e29b-41d4-a716-446655440000",
        "format": "uuid",
    },
    "workflowId": {
        "description": "The workflow.",
        "example": "aa0e8400-e29b-41d4-a716-446655440000",
        "format": "uuid",
    },
    "scheduleId": {"description": "The schedule.", "example": "nightly-orders"},
    "datasetId": {"description": "The dataset.", "example": "orders"},
    "pipelineId": {"description": "The pipeline.", "example": "monthly-orders"},
    "nodeId": {"description": "The machine.", "example": "node-01-4be1f0"},
    "workerName": {"description": "The worker.", "example": "node-01-4be1f0.4711.9a3c2e"},
    "operationId": {
        "description": "The operation on many jobs.",
        "example": "dd0e8400-e29b-41d4-a716-446655440000",
    },
    "userId": {"description": "The user whose jobs are meant.", "example": "grace"},
    "artifactId": {"description": "The artifact.", "example": "9f2c"},
}
