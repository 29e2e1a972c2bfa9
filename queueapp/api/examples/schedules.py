"""A nightly analysis of the sales orders."""

from typing import Any

_JOB: dict[str, Any] = {
    "jobName": "Orders, nightly",
    "jobType": "ProcessMining",
    "resource": {"resourceType": "Dataset", "resourceId": "orders"},
}
PUT: dict[str, Any] = {
    "cron": "30 2 * * *",
    "timeZone": "Europe/Amsterdam",
    "job": _JOB,
    "overlapPolicy": "skip",
    "catchUpPolicy": "latest",
    "description": "After the nightly export",
}
_FACTS: dict[str, Any] = {
    "scheduleId": "nightly-orders",
    "description": "After the nightly export",
    "cron": "30 2 * * *",
    "timeZone": "Europe/Amsterdam",
    "state": "Active",
    "owner": "ada",
    "version": 1,
    "dateCreated": "2026-02-01T10:30:00Z",
    "lastUpdated": "2026-02-01T10:30:00Z",
}
_RUN: dict[str, Any] = {
    "scheduledFor": "2026-02-02T01:30:00Z",
    "until": None,
    "count": None,
    "firedAt": "2026-02-02T01:30:00Z",
    "outcome": "submitted",
    "manual": False,
    "reason": None,
    "jobId": "cc0e8400-e29b-41d4-a716-446655440000",
    "workflowId": None,
    "status": "Completed",
}
SCHEDULE: dict[str, Any] = {
    **_FACTS,
    "job": _JOB,
    "workflow": None,
    "overlapPolicy": "skip",
    "catchUpPolicy": "latest",
    "catchUpLimit": 10,
    "catchUpWindowMinutes": 1440,
    "startAt": None,
    "endAt": None,
    "pausedBy": None,
    "pausedReason": None,
    "nextFireTimes": [f"2026-02-0{day}T01:30:00Z" for day in range(3, 8)],
    "waitingSince": None,
    "runs": [_RUN],
}
PAUSED: dict[str, Any] = {
    **SCHEDULE,
    "state": "Paused",
    "version": 2,
    "pausedBy": "ada",
    "pausedReason": "The export is being repaired",
    "nextFireTimes": [],
}
ACTION: dict[str, Any] = {"reason": "The export is being repaired"}
RUN: dict[str, Any] = {**_RUN, "manual": True, "status": "Queued"}
PAGE: dict[str, Any] = {
    "schedules": [
        {**_FACTS, "name": "Orders, nightly", "nextFireTime": "2026-02-03T01:30:00Z"},
    ],
    "page": 1,
    "pageSize": 20,
    "hasNextPage": False,
    "totalCount": 1,
}
