"""Old jobs of one type are cancelled at once; a user's jobs are cancelled but for one."""

from typing import Any

from queueapp.api.examples.jobs import JOB_ID, NEW_ID

OPERATION_ID = "dd0e8400-e29b-41d4-a716-446655440000"
_JOB: dict[str, Any] = {
    "jobId": JOB_ID,
    "jobName": "Orders of January",
    "priority": "Normal",
    "queuePosition": 12,
}
_KEPT: dict[str, Any] = {
    "jobId": NEW_ID,
    "jobName": "Orders of February",
    "reason": "Job is already running",
}
REQUEST: dict[str, Any] = {
    "action": "cancel",
    "filter": {"jobType": "ProcessMining", "dateTo": "2026-01-31"},
    "reason": "Replaced by the new runs",
}
OPERATION: dict[str, Any] = {
    "operationId": OPERATION_ID,
    "action": "cancel",
    "status": "Done",
    "dryRun": False,
    "newPriority": None,
    "matchedCount": 2,
    "changedCount": 1,
    "preservedCount": 1,
    "jobs": [_JOB, {**_JOB, "jobId": NEW_ID, "jobName": "Orders of February", "queuePosition": 1}],
    "preservedJobs": [_KEPT],
    "selection": None,
    "selectionExpires": None,
    "requestedBy": "ada",
    "requestedAt": "2026-02-01T10:45:00Z",
    "completedAt": "2026-02-01T10:45:01Z",
    "reason": "Replaced by the new runs",
}
GOING_ON: dict[str, Any] = {
    **OPERATION,
    "status": "Acting",
    "changedCount": 0,
    "preservedCount": 0,
    "preservedJobs": [],
    "completedAt": None,
}
USER: dict[str, Any] = {"reason": "Left the company", "excludeJobIds": [NEW_ID]}
USER_CANCELLED: dict[str, Any] = {
    "userId": "grace",
    "operationId": OPERATION_ID,
    "status": "Done",
    "cancelledJobsCount": 1,
    "preservedJobsCount": 1,
    "cancelledJobs": [_JOB],
    "preservedJobs": [{**_KEPT, "reason": "Explicitly excluded"}],
    "cancelledAt": "2026-02-01T10:45:01Z",
    "cancelledBy": "ada",
    "reason": "Left the company",
}
USER_GOING_ON: dict[str, Any] = {
    **USER_CANCELLED,
    "status": "Acting",
    "cancelledJobsCount": 0,
    "cancelledJobs": [],
    "cancelledAt": None,
}
