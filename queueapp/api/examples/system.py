"""Two nodes at work."""

from typing import Any

STATUS: dict[str, Any] = {
    "systemStatus": "Healthy",
    "timestamp": "2026-02-01T10:45:00Z",
    "executionNodes": [
        {
            "nodeId": "node-01",
            "status": "Active",
            "cpuUsage": 67,
            "memoryUsage": 78,
            "activeJobs": 2,
            "jobCapacity": 4,
        },
        {
            "nodeId": "node-02",
            "status": "Offline",
            "cpuUsage": None,
            "memoryUsage": None,
            "activeJobs": None,
            "jobCapacity": None,
        },
    ],
    "queueStatistics": {
        "totalQueuedJobs": 15,
        "criticalPriorityJobs": 0,
        "highPriorityJobs": 3,
        "normalPriorityJobs": 10,
        "lowPriorityJobs": 2,
        "averageWaitTime": "4.2 minutes",
        "averageWaitTimeSeconds": 252.0,
        "estimatedProcessingTime": "23 minutes",
        "estimatedProcessingTimeSeconds": 1387.5,
    },
    "performanceMetrics": {
        "jobsCompletedToday": 847,
        "averageJobDuration": "18.5 minutes",
        "averageJobDurationSeconds": 1110.0,
        "successRate": 97.8,
        "throughputPerHour": 35.3,
    },
    "resourceUtilization": {
        "totalCpuCapacity": 800,
        "usedCpuCapacity": 536,
        "totalMemoryCapacity": "32 GB",
        "usedMemoryCapacity": "25 GB",
        "diskSpaceAvailable": "2.3 TB",
    },
}
