"""An order-to-cash log with one bad row."""

from typing import Any

UPLOAD: dict[str, Any] = {
    "file": "order,step,time\n4711,Create,2026-01-05T09:00:00Z\n4711,Pay,2026-01-07T16:30:00Z\n",
    "name": "Orders of January",
    "caseId": "order",
    "activityName": "step",
    "activityTime": "time",
}
DATASET: dict[str, Any] = {
    "id": "orders",
    "name": "Orders of January",
    "status": "Ready",
    "format": "csv",
    "size": "2.2 MB",
    "sizeBytes": 2336012,
    "sha256": "5" * 64,
    "rows": 8577,
    "cases": 1434,
    "activities": 27,
    "invalidRows": 1,
    "problems": [
        {
            "row": 12,
            "column": "time",
            "code": "bad_time",
            "message": "the time cannot be read",
            "value": "31.02.2026",
        }
    ],
    "period": {"startDate": "2026-01-01T08:00:00Z", "endDate": "2026-01-31T17:12:44Z"},
    "columns": {
        "caseId": "order",
        "activityName": "step",
        "activityTime": "time",
        "resource": "clerk",
        "startTime": None,
    },
    "header": ["order", "step", "time", "clerk", "amount"],
    "options": {"delimiter": ",", "encoding": "utf-8", "timezone": "UTC"},
    "error": None,
    "createdBy": "ada",
    "dateCreated": "2026-02-01T10:29:00Z",
    "lastUpdated": "2026-02-01T10:29:00Z",
}
PROFILING: dict[str, Any] = {
    **DATASET,
    "status": "Profiling",
    "size": "310.5 MB",
    "sizeBytes": 325582848,
    "rows": None,
    "cases": None,
    "activities": None,
    "invalidRows": None,
    "problems": [],
    "period": None,
    "header": None,
    "options": {"delimiter": None, "encoding": None, "timezone": None},
}
DATASET_LIST: dict[str, Any] = {
    "datasets": [DATASET],
    "page": 1,
    "pageSize": 50,
    "hasNextPage": False,
    "totalCount": 1,
}
