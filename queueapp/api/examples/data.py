"""A dataset of orders and a pipeline that says how jobs over it run."""

from typing import Any

_PAGE = {"page": 1, "pageSize": 50, "hasNextPage": False, "totalCount": 1}

DATASET: dict[str, Any] = {
    "id": "orders",
    "name": "Orders",
    "status": "Ready",
    "format": "csv",
    "size": "45.7 MB",
    "sizeBytes": 47919923,
    "sha256": "0" * 64,
    "rows": 195000,
    "cases": 21400,
    "activities": 24,
    "invalidRows": 260,
    "problems": [
        {
            "row": 1733,
            "column": "Timestamp",
            "code": "not_a_time",
            "message": "It is not a time.",
            "value": "yesterday",
        }
    ],
    "period": {"startDate": "2026-01-01T06:12:00Z", "endDate": "2026-01-31T22:40:11Z"},
    "columns": {
        "caseId": "Order",
        "activityName": "Step",
        "activityTime": "Timestamp",
        "resource": "Clerk",
        "startTime": None,
    },
    "header": ["Order", "Step", "Timestamp", "Clerk"],
    "options": {"delimiter": ",", "encoding": "utf-8", "timezone": "Europe/Amsterdam"},
    "error": None,
    "createdBy": "ada",
    "dateCreated": "2026-02-01T10:00:00Z",
    "lastUpdated": "2026-02-01T10:00:00Z",
}
DATASETS: dict[str, Any] = {"datasets": [DATASET], **_PAGE}
PIPELINE: dict[str, Any] = {
    "id": "monthly-orders",
    "name": "Monthly orders",
    "description": "The analysis of the sales orders, month by month",
    "stages": [],
    "requirements": {"cpuUnits": 2, "memoryGB": 4.0},
    "timeoutMinutes": 60,
    "createdBy": "ada",
    "dateCreated": "2026-02-01T10:00:00Z",
    "lastUpdated": "2026-02-01T10:00:00Z",
}
PIPELINES: dict[str, Any] = {"pipelines": [PIPELINE], **_PAGE}
