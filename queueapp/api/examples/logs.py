"""The logs of an analysis that failed."""

from typing import Any

from queueapp.api.examples.jobs import JOB_ID

LOGS: dict[str, Any] = {
    "jobId": JOB_ID,
    "attempts": [1],
    "logsSummary": {"total": 4, "debug": 1, "info": 2, "warn": 0, "error": 1},
    "logs": [
        {
            "timestamp": "2026-02-01T10:45:01Z",
            "timestampMs": 1769942701250,
            "level": "INFO",
            "stage": "Reading",
            "component": "job",
            "message": "Read the log",
            "details": {"events": 192850},
            "attempt": 1,
        },
        {
            "timestamp": None,
            "timestampMs": None,
            "level": "INFO",
            "stage": None,
            "component": "output",
            "message": "counting variants",
            "details": None,
            "attempt": 1,
        },
        {
            "timestamp": "2026-02-01T10:53:32Z",
            "timestampMs": 1769943212480,
            "level": "ERROR",
            "stage": None,
            "component": "traceback",
            "message": "ZeroDivisionError: division by zero",
            "details": {"traceback": "Traceback (most recent call last): ..."},
            "attempt": 1,
        },
    ],
    "limit": 1000,
    "hasMore": False,
    "next": "1.4",
    "complete": True,
}

RAW = """2026-02-01T10:45:01Z INFO job [Reading]: Read the log {"events":192850}
counting variants
2026-02-01T10:53:32Z ERROR traceback
Traceback (most recent call last): ...
"""
