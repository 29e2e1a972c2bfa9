"""A move and a pause, and what was done to the fleet, as the audit trails tell them."""

from typing import Any

from queueapp.api.examples.jobs import JOB_ID

TRAIL: dict[str, Any] = {
    "entries": [
        {
            "id": "1769942760000-0",
            "timestamp": "2026-02-01T10:46:00Z",
            "timestampMs": 1769942760000,
            "user": "ada",
            "action": "move",
            "reason": "Before the nightly ones",
            "requestId": "0b7f2d3c9a514f6e8d1c2b3a4f5e6d7c",
            "jobId": JOB_ID,
            "jobOwner": "grace",
            "before": {"position": 2},
            "after": {"position": 1},
            "facts": {},
        },
        {
            "id": "1769942701250-0",
            "timestamp": "2026-02-01T10:45:01Z",
            "timestampMs": 1769942701250,
            "user": "ada",
            "action": "pause",
            "reason": "Maintenance",
            "requestId": "7c6d5e4f3a2b1c8d6e4f519a3c2d7f0b",
            "jobId": None,
            "jobOwner": None,
            "before": None,
            "after": {"pausedAtMs": 1769942701250, "untilMs": 1769944501250},
            "facts": {"kind": "*"},
        },
    ],
    "limit": 100,
    "hasMore": False,
    "next": None,
}
FLEET_TRAIL: dict[str, Any] = {
    "entries": [
        {
            "id": "1769942820000-0",
            "timestamp": "2026-02-01T10:47:00Z",
            "timestampMs": 1769942820000,
            "user": "ada",
            "action": "drain",
            "reason": "New kernel",
            "requestId": "5e6d7c0b7f2d3c9a514f6e8d1c2b3a4f",
            "jobId": None,
            "jobOwner": None,
            "before": None,
            "after": None,
            "facts": {"worker": "node-7.4711.1f9c2a"},
        },
    ],
    "limit": 100,
    "hasMore": False,
    "next": None,
}
