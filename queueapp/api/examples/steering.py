"""A job that becomes urgent, a move within a tier, a pause over a maintenance window."""

from typing import Any

from queueapp.api.examples.jobs import JOB_ID, NEW_ID

PRIORITY: dict[str, Any] = {"newPriority": "High", "reason": "Needed for the audit today"}
PRIORITY_CHANGED: dict[str, Any] = {
    "jobId": JOB_ID,
    "previousPriority": "Normal",
    "newPriority": "High",
    "previousQueuePosition": 12,
    "newQueuePosition": 3,
    "previousPosition": 12,
    "tierPosition": 1,
    "previousEstimatedStart": "2026-02-01T11:02:00Z",
    "newEstimatedStart": "2026-02-01T10:47:00Z",
    "timeSaved": "15 minutes",
    "updatedBy": "ada",
    "updateTime": "2026-02-01T10:45:00Z",
    "reason": "Needed for the audit today",
    "version": 18,
}
POSITION: dict[str, Any] = {"newPosition": 1, "reason": "Before the nightly ones"}
POSITION_CHANGED: dict[str, Any] = {
    "jobId": JOB_ID,
    "priority": "Normal",
    "previousPosition": 2,
    "newPosition": 1,
    "previousOverallPosition": 11,
    "newOverallPosition": 10,
    "previousEstimatedStart": "2026-02-01T11:02:00Z",
    "newEstimatedStart": "2026-02-01T10:47:00Z",
    "timeSaved": "15 minutes",
    "affectedJobs": [
        {"jobId": NEW_ID, "newPosition": 2, "newEstimatedStart": "2026-02-01T11:02:00Z"}
    ],
    "affectedJobsCount": 1,
    "updatedBy": "ada",
    "updateTime": "2026-02-01T10:45:00Z",
    "reason": "Before the nightly ones",
    "version": 42,
}
PAUSE: dict[str, Any] = {"action": "pause", "reason": "Maintenance", "duration": 30}
PAUSED: dict[str, Any] = {
    "action": "pause",
    "status": "Paused",
    "jobType": None,
    "pausedAt": "2026-02-01T10:45:00Z",
    "pausedBy": "ada",
    "resumedAt": None,
    "resumedBy": None,
    "scheduledResume": "2026-02-01T11:15:00Z",
    "affectedJobs": 23,
    "runningJobsCount": 3,
    "estimatedDelayMinutes": 30,
    "reason": "Maintenance",
}
