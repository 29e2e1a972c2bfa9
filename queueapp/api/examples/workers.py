"""A busy worker and one that drains."""

from typing import Any

WORKER: dict[str, Any] = {
    "name": "node-01-4be1f0.4711.9a3c2e",
    "status": "busy",
    "nodeId": "node-01-4be1f0",
    "hostname": "node-01",
    "pid": 4711,
    "version": "0.1.0",
    "slots": 4,
    "runningJobs": 2,
    "jobs": [
        {
            "jobId": "cc0e8400-e29b-41d4-a716-446655440000",
            "tenantId": "acme",
            "projectId": "sales",
            "host": None,
            "startTime": "2026-02-01T10:41:00Z",
        }
    ],
    "hosts": ["192.0.2.1"],
    "jobTypes": ["ProcessMining", "DeviceCommand"],
    "freeCpuUnits": 2,
    "freeMemory": "12 GB",
    "freeMemoryMb": 12288,
    "bornAt": "2026-02-01T08:00:00Z",
    "lastHeartbeat": "2026-02-01T10:44:58Z",
    "lastPoll": "2026-02-01T10:44:59Z",
    "successfulJobs": 150,
    "failedJobs": 2,
    "drain": None,
}
DRAINING: dict[str, Any] = {
    **WORKER,
    "status": "suspended",
    "drain": {
        "requestedBy": "ann",
        "requestedAt": "2026-02-01T10:44:00Z",
        "reason": "Kernel update",
        "deadline": "2026-02-01T11:14:00Z",
        "restart": False,
    },
}
PAGE: dict[str, Any] = {
    "workers": [WORKER],
    "page": 1,
    "pageSize": 20,
    "hasNextPage": False,
    "totalCount": 1,
}
DRAIN: dict[str, Any] = {"reason": "Kernel update", "deadlineMinutes": 30}
UNDRAIN: dict[str, Any] = {"reason": "Kernel updated"}
