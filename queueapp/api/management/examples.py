"""Worked examples of the Job Management API's document."""

from typing import Any

JOB: dict[str, Any] = {
    "id": "cc0e8400-e29b-41d4-a716-446655440000",
    "status": "finished",
    "queue": "FifoQ",
    "created_at": "2026-02-01T10:40:00+00:00",
    "enqueued_at": "2026-02-01T10:40:00+00:00",
    "started_at": "2026-02-01T10:40:01+00:00",
    "ended_at": "2026-02-01T10:40:04+00:00",
    "worker": "node-01-4be1f0.4711.9a3c2e",
    "result": {
        "type": "success",
        "type_code": 1,
        "retval": {"events": 8577, "cases": 1434},
        "error": None,
    },
    "duration": 3.0,
    "queue_time": 1.0,
    "device_name": None,
    "command": [],
    "job_type": "ProcessMining",
    "tenant": "acme",
    "project": "sales",
}
JOBS: dict[str, Any] = {"code": 200, "message": "success", "data": [JOB]}
CANCELLED: dict[str, Any] = {
    "code": 200,
    "message": "success",
    "data": {
        "cancelled_count": 1,
        "cancelled_jobs": ["cc0e8400-e29b-41d4-a716-446655440000"],
    },
}
WORKERS: dict[str, Any] = {
    "code": 200,
    "message": "success",
    "data": [
        {
            "name": "node-01-4be1f0.4711.9a3c2e",
            "status": "busy",
            "pid": 4711,
            "hostname": "node-01",
            "queues": ["FifoQ", "pinned_192.0.2.1"],
            "last_heartbeat": "2026-02-01T10:44:58+00:00",
            "birth_at": "2026-02-01T08:00:00+00:00",
            "successful_job_count": 150,
            "failed_job_count": 2,
            "node": "node-01-4be1f0",
        }
    ],
}
DELETED: dict[str, Any] = {
    "code": 200,
    "message": "success",
    "data": ["node-01-4be1f0.4711.9a3c2e"],
    "details": [
        {"worker": "node-01-4be1f0.4711.9a3c2e", "status": "stopped", "interrupted_jobs": 1}
    ],
}
HEALTH: dict[str, Any] = {
    "code": 200,
    "message": "success",
    "data": "ok",
    "checks": {
        "api": {"status": "ok", "response_time_ms": 1.2},
        "store": {
            "status": "ok",
            "response_time_ms": 0.2,
            "used_memory_bytes": 3_145_728,
            "max_memory_bytes": None,
            "connections_in_use": 2,
            "connections_max": 16,
        },
        "workers": {"live": 2, "busy": 1, "dead": 0, "oldest_heartbeat_s": 3.1},
        "queue_depth": 17,
        "error_rate_5m": 0.0,
        "warnings": [],
    },
}
ERROR: dict[str, Any] = {"code": -1, "message": "There is no such job.", "data": []}

DEVICE_REQUEST: dict[str, Any] = {
    "driver": "netmiko",
    "connection_args": {
        "host": "192.0.2.1",
        "device_type": "cisco_ios",
        "username": "operator",
        "password": "a password",
    },
    "command": "show version",
    "ttl": 300,
}
QUEUED: dict[str, Any] = {
    **JOB,
    "status": "queued",
    "queue": "pinned_192.0.2.1",
    "started_at": None,
    "ended_at": None,
    "worker": None,
    "result": None,
    "duration": None,
    "queue_time": None,
    "device_name": "192.0.2.1",
    "command": ["show version"],
    "job_type": "DeviceCommand",
}
DEVICE_JOB: dict[str, Any] = {"code": 201, "message": "success", "data": QUEUED}
DEVICES_REQUEST: dict[str, Any] = {
    **DEVICE_REQUEST,
    "connection_args": {"device_type": "cisco_ios", "username": "operator", "password": "a word"},
    "devices": [{"host": "192.0.2.1"}, {"host": "192.0.2.2", "command": "show clock"}],
    "ttl": 600,
}
DEVICE_JOBS: dict[str, Any] = {
    "code": 201,
    "message": "success",
    "data": {
        "succeeded": [QUEUED],
        "failed": [{"host": "192.0.2.2", "reason": "The queue of this project is full."}],
    },
}
DEVICE_TEST_REQUEST: dict[str, Any] = {
    "driver": "netmiko",
    "connection_args": DEVICE_REQUEST["connection_args"],
}
DEVICE_TESTED: dict[str, Any] = {
    "code": 200,
    "message": "success",
    "data": {
        "success": True,
        "host": "192.0.2.1",
        "prompt": "router#",
        "duration": 0.8,
        "error": None,
        "job_id": "cc0e8400-e29b-41d4-a716-446655440000",
    },
}
