"""The health of the whole: this process, the store, the workers."""

import threading
import time
from collections import deque

from flask import Flask, Response, current_app, request
from flask.views import MethodView

import queueapp
from queueapp.api.auth import key_or_none
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.management import examples, schemas
from queueapp.api.management.envelope import success
from queueapp.api.metrics import metrics_answer
from queueapp.api.responses import answer
from queueapp.api.services import services
from queueapp.domain.api_key import Role
from queueapp.domain.errors import Unavailable
from queueapp.domain.fleet import WorkerState, WorkerStatus
from queueapp.domain.states import Status
from queueapp.store.condition import Condition

WINDOW_S = 300
MOST_SKEW_MS = 5_000
FIGURES = ("text/plain", "application/openmetrics-text")
ANSWERS = "queueapp_answers"
UNREACHABLE = {
    "status": "unreachable",
    "response_time_ms": None,
    "used_memory_bytes": None,
    "max_memory_bytes": None,
    "connections_in_use": None,
    "connections_max": None,
}

blueprint = ApiBlueprint("Managed health", __name__, description="How the whole is.")


class Answers:
    """Counts this process's answers of the last five minutes, per second."""

    def __init__(self) -> None:
        self._seconds: deque[list[int]] = deque()  # second, answers, server errors
        self._lock = threading.Lock()

    def note(self, status: int, now_s: float) -> None:
        """Count one answer."""
        second = int(now_s)
        with self._lock:
            if not self._seconds or self._seconds[-1][0] != second:
                self._seconds.append([second, 0, 0])
            self._seconds[-1][1] += 1
            self._seconds[-1][2] += status >= 500
            while self._seconds[0][0] <= second - WINDOW_S:
                self._seconds.popleft()

    def error_rate(self, now_s: float) -> float | None:
        """Return the share of server errors; None without any answer."""
        with self._lock:
            kept = [row for row in self._seconds if row[0] > int(now_s) - WINDOW_S]
        total = sum(row[1] for row in kept)
        return round(sum(row[2] for row in kept) / total, 4) if total else None


@blueprint.route("/health")
class HealthView(MethodView):
    """The health of the whole."""

    @blueprint.operation("checkHealth", role=Role.VIEWER)
    @blueprint.response(200, schemas.Health, example=examples.HEALTH)
    def get(self) -> Response:
        """Check the health of the system

        ok while the store answers and a worker lives, else 503 with what is missing. Warnings
        tell what works now but may not last: a store that evicts or keeps nothing on disk,
        clocks that differ, workers of another version. Who accepts text rather than JSON gets
        figures in Prometheus' format instead, as /metrics has them, of what the key covers.
        """
        if _wants_figures():
            return metrics_answer()
        began = time.perf_counter()
        checks: dict[str, object] = {
            "store": UNREACHABLE,
            "workers": dict.fromkeys(("live", "busy", "dead", "oldest_heartbeat_s")),
            "queue_depth": None,
            "error_rate_5m": current_app.extensions[ANSWERS].error_rate(time.time()),
            "warnings": [],
        }
        healthy = _look(checks)
        elapsed_ms = round((time.perf_counter() - began) * 1000, 3)
        checks["api"] = {"status": "ok", "response_time_ms": elapsed_ms}
        if healthy:
            return success("ok", checks=checks)
        body = {"code": -1, "message": _missing(checks), "data": "degraded", "checks": checks}
        return answer(body, 503, {"Retry-After": "5"})


def _wants_figures() -> bool:
    """Tell whether a monitor asks that takes no JSON: its format is served here too."""
    weights: dict[str, float] = {}
    for kind, weight in request.accept_mimetypes:
        # Versions and the like are parameters: monitors name them, and any will do.
        name = kind.partition(";")[0].strip().lower()
        weights[name] = max(weight, weights.get(name, 0.0))
    wanted = max(weights.get(name, 0.0) for name in FIGURES)
    others = max(weights.get(name, 0.0) for name in ("application/json", "application/*", "*/*"))
    return wanted > others


def _look(checks: dict[str, object]) -> bool:
    """Fill in what can be seen; say whether all is well."""
    store = services().engine.store
    try:
        condition = store.condition.look()
        workers = store.workers.all()
        checks["queue_depth"] = _depth()
        skews = store.nodes.skews()
    except Unavailable:
        return False
    now_ms = services().engine.now_ms()
    checks["store"] = _store_check(condition)
    checks["workers"] = _workers_check(workers, now_ms)
    checks["warnings"] = [*_store_warnings(condition), *_fleet_warnings(workers, skews, now_ms)]
    return any(worker.live(now_ms) for worker in workers)


def _missing(checks: dict[str, object]) -> str:
    if checks["store"] is UNREACHABLE:
        return "The store cannot be reached."
    return "No worker lives."


def _depth() -> int:
    key, coverage = key_or_none(), services().engine.store.coverage
    if key is None:
        return coverage.count(coverage.scopes(None, None), Status.QUEUED)
    return coverage.count(coverage.scopes(key.tenant, key.project), Status.QUEUED)


def _store_check(condition: Condition) -> dict[str, object]:
    return {
        "status": "ok",
        "response_time_ms": condition.response_ms,
        "used_memory_bytes": condition.used_memory_bytes,
        "max_memory_bytes": condition.max_memory_bytes,
        "connections_in_use": condition.connections_in_use,
        "connections_max": condition.connections_max,
    }


def _workers_check(workers: list[WorkerStatus], now_ms: int) -> dict[str, object]:
    states = [worker.state(now_ms) for worker in workers]
    beats = [w.heartbeat_ms for w in workers if w.live(now_ms)]
    return {
        "live": len(beats),
        "busy": states.count(WorkerState.BUSY),
        "dead": states.count(WorkerState.DEAD),
        "oldest_heartbeat_s": max(0, now_ms - min(beats)) / 1000 if beats else None,
    }


def _store_warnings(condition: Condition) -> list[str]:
    found = []
    if condition.evicts:
        found.append(
            f"The store may evict keys when its memory is full (maxmemory-policy "
            f"{condition.eviction}): jobs can be lost. Set it to noeviction."
        )
    if condition.forgets:
        found.append("The store writes nothing to disk: its restart loses every job.")
    limit, used = condition.max_memory_bytes, condition.used_memory_bytes
    if limit and used and used >= limit and not condition.evicts:
        found.append("The store's memory is full: it takes no new jobs until there is room.")
    elif limit and used and used > 0.8 * limit:
        found.append(f"The store uses {100 * used // limit} % of the memory that it may use.")
    return found


def _fleet_warnings(workers: list[WorkerStatus], skews: dict[str, int], now_ms: int) -> list[str]:
    found = [
        f"The clock of node {node} differs from the store's by {abs(skew) / 1000:g} s."
        for node, skew in sorted(skews.items())
        if abs(skew) > MOST_SKEW_MS
    ]
    live = [worker for worker in workers if worker.live(now_ms)]
    versions = {one.worker.version for one in live} - {queueapp.__version__}
    if versions:
        known = ", ".join(sorted(versions))
        found.append(f"Workers of another version than this process live: {known}.")
    return found


def install_health_counts(app: Flask) -> None:
    """Count the answers of this process."""
    answers = app.extensions[ANSWERS] = Answers()

    def note(response: Response) -> Response:
        answers.note(response.status_code, time.time())
        return response

    app.after_request(note)
