"""A job that starts and ends while somebody watches."""

from typing import Any

from queueapp.api.examples.jobs import JOB_ID

EVENTS: dict[str, Any] = {
    "events": [
        {
            "id": "1769942700120-0",
            "kind": "started",
            "at": "2026-02-01T10:45:00Z",
            "atMs": 1769942700120,
            "jobId": JOB_ID,
            "status": "Running",
            "attempt": 1,
            "worker": "node-7-1",
        },
        {
            "id": "1769943212003-0",
            "kind": "failed",
            "at": "2026-02-01T10:53:32Z",
            "atMs": 1769943212003,
            "jobId": JOB_ID,
            "status": "Failed",
            "errorCode": "timeout",
        },
    ],
    "next": "1769943212003-0",
    "hasMore": False,
    "reset": False,
}
STREAM = f"""retry: 3000
id: 1769942700119-0

id: 1769942700120-0
event: started
data: {{"id":"1769942700120-0","kind":"started","at":"2026-02-01T10:45:00Z",\
"atMs":1769942700120,"jobId":"{JOB_ID}","status":"Running","attempt":1,"worker":"node-7-1"}}

: heartbeat
id: 1769942700120-0

"""
