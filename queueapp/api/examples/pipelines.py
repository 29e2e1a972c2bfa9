"""A nightly analysis."""

from typing import Any

PUT: dict[str, Any] = {
    "name": "Order to cash",
    "description": "Nightly analysis of the sales orders",
    "requirements": {"cpuUnits": 2, "memoryGB": 4},
    "timeoutMinutes": 60,
}
PIPELINE: dict[str, Any] = {
    "id": "monthly-orders",
    "name": "Order to cash",
    "description": "Nightly analysis of the sales orders",
    "stages": [],
    "requirements": {"cpuUnits": 2, "memoryGB": 4.0},
    "timeoutMinutes": 60,
    "createdBy": "ada",
    "dateCreated": "2026-02-01T10:28:00Z",
    "lastUpdated": "2026-02-01T10:28:00Z",
}
PIPELINE_LIST: dict[str, Any] = {
    "pipelines": [PIPELINE],
    "page": 1,
    "pageSize": 50,
    "hasNextPage": False,
    "totalCount": 1,
}
