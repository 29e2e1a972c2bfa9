"""What tests of predictions over HTTP share: how they are asked, and a stored forecast."""

from typing import Any

from queueapp.domain.scope import Scope
from tests.integration.api.conftest import Api

AT = "/api/t/p/execution/queue/predictions"
SCOPE = Scope("t", "p")
HOUR_MS = 3_600_000
LISTS = {"optimalSubmissionTimes": [], "resourceOptimization": [], "jobScheduling": []}


def asked(api: Api, at: str = AT, **query: Any) -> dict[str, Any]:
    """The predictions, answered."""
    response = api.get(at, query_string=query)
    assert response.status_code == 200, response.get_data(as_text=True)
    found: dict[str, Any] = response.get_json()
    return found


def points(middle: float, *, carry: float = 0.0) -> list[dict[str, float]]:
    """A day of points, all alike."""
    lower, upper = middle / 2, middle * 2
    point = {"lower": lower, "middle": middle, "upper": upper, "confidence": 0.6, "carry": carry}
    return [point] * 24


def forecast(made_ms: int, **changes: Any) -> dict[str, Any]:
    """A stored forecast of a queue of ten."""
    return {
        "version": 1,
        "made_at": made_ms / 1000,
        "package": "0.1.0",
        "trained_at": made_ms / 1000,
        "basis": "weeks",
        "history_hours": 400.5,
        "workers": 4,
        "data": {"from": made_ms / 1000 - 86_400, "to": made_ms / 1000, "jobs": 900},
        "queue": {
            "waiting": 10,
            "size": points(10.0, carry=0.5),
            "wait": points(600.0, carry=30.0),
        },
        "types": {"Sleep": {"waiting": 0, "size": points(4.0), "wait": points(60.0)}},
        "load": {"cpu": points(40.0), "memory": None, "efficiency": 90.04},
        "learnt": {
            "reports": {
                "size": {
                    "points": 500,
                    "accuracy": 0.5512,
                    "coverage80": 0.8,
                    "errors": {"1-4": 2.0, "5-12": None, "13-24": 3.0},
                }
            },
            "skill": 0.25,
            "moves": [{"type": "Sleep", "hours": -2, "wait": 600, "wait_moved": 300, "gain": 0.5}],
        },
        "advice": {
            "workers": [
                {"workers": 5, "usual": 600, "wait": 450, "slow": 900, "gain": 0.25}
                | {"low": 0.1, "high": 0.4}
            ],
            "windows": [
                {"begin": 3, "end": 5, "low": 60, "middle": 90, "high": 200, "present": 600}
                | {"arrivals": 0.04}
            ],
        },
        **changes,
    }
