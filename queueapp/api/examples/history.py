"""A morning in the history of a queue."""

from typing import Any

HISTORY: dict[str, Any] = {
    "period": {
        "startDate": "2026-02-01T10:00:00Z",
        "endDate": "2026-02-01T11:00:00Z",
        "aggregation": "hour",
    },
    "summary": {
        "totalJobsProcessed": 31,
        "averageQueueSize": 18.5,
        "peakQueueSize": 25,
        "averageWaitTime": "12.5 minutes",
        "averageWaitTimeSeconds": 750.0,
        "peakWaitTime": "45 minutes",
        "peakWaitTimeSeconds": 2700.0,
        "throughputPerHour": 31.0,
        "efficiency": 89.3,
    },
    "hourlyData": [
        {
            "timestamp": "2026-02-01T10:00:00Z",
            "queueSize": {"average": 18.5, "peak": 25, "minimum": 12},
            "priorityDistribution": {"critical": 2, "high": 8, "normal": 14, "low": 1},
            "waitTime": {
                "average": "12.5 minutes",
                "averageSeconds": 750.0,
                "maximum": "45 minutes",
                "maximumSeconds": 2700.0,
                "minimum": "0.25 minutes",
                "minimumSeconds": 15.0,
            },
            "waitReasons": [
                {"code": "Position", "jobSeconds": 61200.0},
                {"code": "Scheduled", "jobSeconds": 5400.0},
            ],
            "throughput": {
                "jobsCompleted": 28,
                "jobsSubmitted": 31,
                "jobsStarted": 30,
                "jobsFailed": 3,
                "jobsCancelled": 0,
                "efficiency": 89.3,
            },
        }
    ],
    "trends": {
        "queueSizeGrowth": 12.5,
        "waitTimeImprovement": -8.3,
        "throughputIncrease": 4.1,
        "efficiencyChange": 2.7,
    },
    "bottlenecks": [
        {
            "timeframe": "2026-02-01T10:05:10Z - 2026-02-01T10:41:20Z",
            "issue": "All slots busy, 80% of them with ProcessMining jobs",
            "impact": "15 minute delay",
            "impactSeconds": 912.4,
            "affectedJobs": 34,
            "resolution": "Backlog drained",
        }
    ],
}
