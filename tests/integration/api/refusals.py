"""What tests of bad requests over HTTP share: where they go, and what a refusal is."""

from typing import Any

from tests.integration.api.conftest import Api
from tests.integration.api.job_calls import JOBS, SUBMIT

UNKNOWN = f"{SUBMIT}/cc0e8400-e29b-41d4-a716-446655440000"
TYPE = {"Content-Type": "application/json"}


def refused(api: Api, response: Any, status: int, code: str | None = None) -> dict[str, Any]:
    """Assert a refusal that is a problem, short, and left nothing behind."""
    assert response.status_code == status, response.get_data(as_text=True)[:500]
    assert response.mimetype == "application/problem+json"
    assert len(response.data) < 16_384
    body: dict[str, Any] = response.get_json()
    assert code in (None, body["code"])
    assert api.get(JOBS).get_json()["totalCount"] == 0
    return body
