"""A node at work, and its load."""

from typing import Any

NODE: dict[str, Any] = {
    "nodeId": "node-01-4be1f0",
    "hostname": "node-01",
    "status": "Active",
    "cpuUnits": 8,
    "memory": "32 GB",
    "memoryMb": 32768,
    "cpuUsage": 67.0,
    "memoryUsage": 45.2,
    "diskFree": "2.1 TB",
    "diskFreeBytes": 2308974418330,
    "workers": ["node-01-4be1f0.4711.9a3c2e"],
    "slots": 4,
    "activeJobs": 2,
    "pinCapacity": 32,
    "heldHosts": 5,
    "lastHeartbeat": "2026-02-01T10:44:58Z",
}
PAGE: dict[str, Any] = {
    "nodes": [NODE],
    "page": 1,
    "pageSize": 20,
    "hasNextPage": False,
    "totalCount": 1,
}
LOAD: dict[str, Any] = {
    "nodeId": "node-01-4be1f0",
    "samples": [
        {
            "timestamp": "2026-02-01T10:44:00Z",
            "cpuUsage": 67.0,
            "memoryUsage": 45.2,
            "activeJobs": 2,
            "slots": 4,
            "diskFreeBytes": 2308974418330,
        }
    ],
    "page": 1,
    "pageSize": 20,
    "hasNextPage": False,
    "totalCount": 1,
}
