"""A month's analysis: two exports in parallel, then the mining of what they brought."""

from typing import Any

WORKFLOW_ID = "aa0e8400-e29b-41d4-a716-446655440000"
RETRY_ID = "ab0e8400-e29b-41d4-a716-446655440000"
_IDS = {
    "orders": "a10e8400-e29b-41d4-a716-446655440000",
    "payments": "a20e8400-e29b-41d4-a716-446655440000",
    "compare": "a30e8400-e29b-41d4-a716-446655440000",
}

SUBMISSION: dict[str, Any] = {
    "workflowName": "Close of January",
    "defaults": {
        "jobType": "ProcessMining",
        "priority": "High",
        "parameters": {"timeWindow": {"startDate": "2026-01-01", "endDate": "2026-01-31"}},
    },
    "jobs": [
        {"name": "orders", "resource": {"resourceType": "Dataset", "resourceId": "orders"}},
        {"name": "payments", "resource": {"resourceType": "Dataset", "resourceId": "payments"}},
        {
            "name": "compare",
            "jobName": "Orders against payments",
            "dependsOn": ["orders", "payments"],
            "resource": {"resourceType": "Dataset", "resourceId": "orders"},
            "parameters": {"includeProcessVariants": True},
        },
    ],
}
SUBMITTED: dict[str, Any] = {
    "workflowId": WORKFLOW_ID,
    "workflowName": "Close of January",
    "status": "Queued",
    "dateSubmitted": "2026-02-01T10:30:00Z",
    "submittedBy": "ada",
    "retryOf": None,
    "jobs": [{"name": name, "jobId": job_id} for name, job_id in _IDS.items()],
}
RETRY: dict[str, Any] = {"retryReason": "The export is back"}
RETRIED: dict[str, Any] = {
    **SUBMITTED,
    "workflowId": RETRY_ID,
    "retryOf": WORKFLOW_ID,
    "jobs": [{"name": "compare", "jobId": "a40e8400-e29b-41d4-a716-446655440000"}],
}
_FACTS: dict[str, Any] = {
    "workflowId": WORKFLOW_ID,
    "workflowName": "Close of January",
    "status": "Running",
    "submittedBy": "ada",
    "dateCreated": "2026-02-01T10:30:00Z",
    "startTime": "2026-02-01T10:31:00Z",
    "endTime": None,
    "retryOf": None,
    "retriedAs": None,
    "scheduleId": None,
    "scheduledFor": None,
}
_BASIS = {
    "scope": "resource",
    "samples": 31,
    "learnt": True,
    "p10": 733.2,
    "p50": 810.0,
    "p90": 893.5,
}
_COMPLETED: dict[str, Any] = {
    "name": "orders",
    "dependsOn": [],
    "jobId": _IDS["orders"],
    "jobName": "orders",
    "jobType": "ProcessMining",
    "status": "Completed",
    "priority": "High",
    "progress": 100,
    "queuePosition": None,
    "waitReason": None,
    "startTime": "2026-02-01T10:31:00Z",
    "endTime": "2026-02-01T10:43:00Z",
    "estimatedDuration": None,
    "estimateBasis": None,
    "error": None,
}
_RUNNING: dict[str, Any] = {
    **_COMPLETED,
    "name": "payments",
    "jobId": _IDS["payments"],
    "jobName": "payments",
    "status": "Running",
    "progress": 65,
    "endTime": None,
    "estimatedDuration": "12-15 minutes",
    "estimateBasis": _BASIS,
}
_WAITING: dict[str, Any] = {
    **_RUNNING,
    "name": "compare",
    "dependsOn": ["orders", "payments"],
    "jobId": _IDS["compare"],
    "jobName": "Orders against payments",
    "status": "Queued",
    "progress": 0,
    "queuePosition": 3,
    "waitReason": {
        "code": "Dependency",
        "text": "1 job that it depends on has not ended.",
        "needs": "1 job",
    },
    "startTime": None,
}
WORKFLOW: dict[str, Any] = {
    **_FACTS,
    "description": None,
    "summary": {
        "totalJobs": 3,
        "runningJobs": 1,
        "queuedJobs": 1,
        "completedJobs": 1,
        "failedJobs": 0,
        "cancelledJobs": 0,
    },
    "criticalPath": {
        "jobs": ["payments", "compare"],
        "estimatedCompletion": "2026-02-01T11:01:00Z",
        "remainingSeconds": 1080.0,
        "measured": True,
    },
    "jobs": [_COMPLETED, _RUNNING, _WAITING],
}
_ROW: dict[str, Any] = {
    **_FACTS,
    "totalJobs": 3,
    "completedJobs": 1,
    "failedJobs": 0,
    "cancelledJobs": 0,
}
PAGE: dict[str, Any] = {
    "workflows": [_ROW],
    "page": 1,
    "pageSize": 20,
    "hasNextPage": False,
    "totalCount": 1,
}
CANCEL: dict[str, Any] = {"reason": "Wrong month"}
CANCELLING: dict[str, Any] = {**_ROW, "cancelledJobs": 1}
CANCELLED: dict[str, Any] = {
    **_ROW,
    "status": "Cancelled",
    "endTime": "2026-02-01T10:44:00Z",
    "cancelledJobs": 2,
}
