"""A queue of twenty-three jobs, of which one is shown."""

from typing import Any

from queueapp.api.examples.jobs import JOB_ID

_JOB: dict[str, Any] = {
    "jobId": JOB_ID,
    "jobName": "Orders of January",
    "jobType": "ProcessMining",
    "priority": "High",
    "estimatedStartTime": "2026-02-01T10:47:00Z",
    "estimatedCompletion": "2026-02-01T11:02:00Z",
    "estimatedDuration": "12-15 minutes",
    "estimateBasis": {
        "scope": "type",
        "samples": 31,
        "learnt": False,
        "p10": None,
        "p50": None,
        "p90": None,
    },
    "submittedBy": "ada",
    "dateSubmitted": "2026-02-01T10:30:00Z",
    "resourceRequirements": {
        "cpuUnits": 2,
        "memoryGB": 4.0,
        "estimatedDiskUsage": "500 MB",
    },
    "waitReason": {"code": "Position", "text": "2 jobs are ahead of it.", "needs": None},
}
QUEUE: dict[str, Any] = {
    "queueStatus": "Active",
    "pausedAt": None,
    "pausedBy": None,
    "pauseReason": None,
    "scheduledResume": None,
    "pausedJobTypes": [],
    "timestamp": "2026-02-01T10:45:00Z",
    "estimatedAt": "2026-02-01T10:45:00Z",
    "summary": {
        "totalQueuedJobs": 23,
        "criticalPriorityJobs": 2,
        "highPriorityJobs": 7,
        "normalPriorityJobs": 12,
        "lowPriorityJobs": 2,
        "averageWaitTime": "8.5 minutes",
        "averageWaitTimeSeconds": 510.0,
        "estimatedProcessingTime": "47 minutes",
        "estimatedProcessingTimeSeconds": 2812.0,
    },
    "processingCapacity": {
        "totalWorkers": 6,
        "activeWorkers": 4,
        "currentLoad": 67,
        "maxConcurrentJobs": 8,
        "currentlyRunning": 3,
    },
    "queuedJobs": [{**_JOB, "queuePosition": 3, "tierPosition": 1}],
    "performanceMetrics": {
        "averageJobDuration": "16.3 minutes",
        "averageJobDurationSeconds": 978.0,
        "throughputLastHour": 14,
        "queueTrends": {
            "currentHourSubmissions": 9,
            "peakHourToday": "09:00-10:00",
            "averageQueueSize": 18.4,
        },
    },
    "versions": {"critical": 12, "high": 40, "normal": 217, "low": 9},
    "page": 1,
    "pageSize": 1000,
    "hasNextPage": False,
    "totalCount": 23,
}
TIER: dict[str, Any] = {
    "priority": "High",
    "jobCount": 7,
    "averageWaitTime": "6.2 minutes",
    "averageWaitTimeSeconds": 372.0,
    "estimatedProcessingTime": "18 minutes",
    "estimatedProcessingTimeSeconds": 1080.0,
    "timestamp": "2026-02-01T10:45:00Z",
    "estimatedAt": "2026-02-01T10:45:00Z",
    "jobs": [
        {
            **_JOB,
            "queuePosition": 1,
            "overallQueuePosition": 3,
            "waitTime": "15 minutes",
            "waitTimeSeconds": 900.0,
            "dependencies": [],
        }
    ],
    "version": 40,
    "page": 1,
    "pageSize": 1000,
    "hasNextPage": False,
    "totalCount": 7,
}
