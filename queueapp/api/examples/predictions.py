"""The next hour of a queue, advice on it, and how good such predictions were."""

from typing import Any

PREDICTIONS: dict[str, Any] = {
    "predictionTime": "2026-02-01T10:45:00Z",
    "horizon": 1,
    "predictions": {
        "queueSizeProjection": [
            {
                "time": "2026-02-01T11:00:00Z",
                "expectedQueueSize": 21,
                "lower": 17,
                "upper": 26,
                "confidence": 0.74,
            }
        ],
        "waitTimeProjection": [
            {
                "time": "2026-02-01T11:00:00Z",
                "averageWaitTime": "14.2 minutes",
                "averageWaitTimeSeconds": 852.0,
                "lower": "8 minutes",
                "lowerSeconds": 480.0,
                "upper": "22.5 minutes",
                "upperSeconds": 1350.0,
                "confidence": 0.46,
            }
        ],
        "resourceUtilization": [
            {
                "time": "2026-02-01T11:00:00Z",
                "cpuUtilization": 78,
                "cpuRange": {"lower": 66, "upper": 88},
                "memoryUtilization": 61,
                "memoryRange": {"lower": 57, "upper": 66},
                "efficiency": 89.3,
                "confidence": 0.71,
            }
        ],
    },
    "recommendations": {
        "optimalSubmissionTimes": [
            {
                "timeWindow": "2026-02-01T13:00:00Z - 2026-02-01T15:00:00Z",
                "expectedWaitTime": "3-5 minutes",
                "expectedWaitSeconds": 231.4,
                "presentWaitSeconds": 852.0,
                "reason": "3.9 minutes expected instead of 14.2 minutes now; "
                "4% of the day's jobs come",
            }
        ],
        "resourceOptimization": [
            {
                "recommendation": "Add 1 worker",
                "expectedImprovement": "25% reduction in wait times",
                "cost": "Medium",
                "priority": "Medium",
                "jobsAtOnce": 7,
                "waitChange": -25.3,
                "waitChangeLower": -41.0,
                "waitChangeUpper": -8.2,
                "expectedWaitSeconds": 612.8,
            }
        ],
        "jobScheduling": [
            {
                "jobType": "Analysis",
                "recommendation": "Submit 4 hours later",
                "reason": "These jobs would wait 5.5 minutes on average instead of 16 minutes",
                "hoursLater": 4,
                "expectedWaitSeconds": 330.0,
                "presentWaitSeconds": 960.0,
            }
        ],
    },
    "modelInfo": {
        "modelVersion": "0.1.0",
        "lastTrained": "2026-02-01T10:38:12Z",
        "accuracy": 0.58,
        "accuracyBasis": "replay",
        "dataPoints": 672,
        "basis": "weeks",
        "coverage80": 0.79,
        "skillVsSeasonalNaive": 0.31,
        "trainedOn": {"from": "2026-01-04T11:00:00Z", "to": "2026-02-01T10:38:10Z", "jobs": 12450},
        "stale": False,
        "shown": [
            {"target": "size", "points": 64, "accuracy": None, "coverage80": None},
            {"target": "wait", "points": 60, "accuracy": None, "coverage80": None},
        ],
        "backtest": [
            {
                "target": "size",
                "points": 1152,
                "accuracy": 0.58,
                "coverage80": 0.79,
                "meanErrors": [
                    {"hoursAhead": "1-4", "error": 2.1},
                    {"hoursAhead": "5-12", "error": 4.4},
                    {"hoursAhead": "13-24", "error": 5.2},
                ],
            }
        ],
    },
}

ACCURACY: dict[str, Any] = {
    "timestamp": "2026-02-01T10:45:00Z",
    "periods": [
        {
            "days": 7,
            "targets": [
                {
                    "target": "size",
                    "samples": 412,
                    "coverage": 0.803,
                    "medianError": 2.4,
                    "byLead": [
                        {
                            "lead": "1-4 hours",
                            "samples": 412,
                            "coverage": 0.803,
                            "medianError": 2.4,
                        }
                    ],
                }
            ],
        }
    ],
}
