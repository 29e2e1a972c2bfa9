"""What tests of datasets over HTTP share: how an upload is described."""

import hashlib
from typing import Any

from tests.integration.data.wire import COLUMNS, LOG

SHOWN = {
    "id": "d",
    "name": "Orders",
    "status": "Ready",
    "format": "csv",
    "size": f"{len(LOG)} B",
    "sizeBytes": len(LOG),
    "sha256": hashlib.sha256(LOG).hexdigest(),
    "rows": 4,
    "cases": 2,
    "activities": 2,
    "invalidRows": 1,
    "period": {"startDate": "2024-01-01T10:00:00Z", "endDate": "2024-01-03T10:00:00Z"},
    "columns": {**COLUMNS, "resource": None, "startTime": None},
    "header": ["case", "act", "at", "who"],
    "options": {"delimiter": ",", "encoding": "utf-8", "timezone": "UTC"},
    "error": None,
    "createdBy": "ann",
}


def json(response: Any) -> dict[str, Any]:
    """Return a response's body."""
    body: dict[str, Any] = response.get_json()
    return body
