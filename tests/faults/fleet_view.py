"""The fleet as the store and a web process tell of it."""

from typing import Any

import requests

from tests.faults.ground import KEY, Ground


def got(address: str, path: str) -> tuple[int, dict[str, Any]] | None:
    """Return the status and the body of an answer; None while the web process starts."""
    try:
        answer = requests.get(
            f"{address}{path}", headers={"Authorization": f"Bearer {KEY}"}, timeout=10
        )
    except requests.ConnectionError:
        return None
    return answer.status_code, answer.json()


def nodes(ground: Ground) -> dict[str, bool]:
    """Return whether each listed node lives."""
    found = ground.store.nodes.all(now_ms=ground.now_ms())
    return {status.node.id: status.live for status in found}
