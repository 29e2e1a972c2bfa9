"""Figures for Prometheus: of the store, read when asked, and of this process's own answers.

``/metrics`` serves them, and ``/health`` does when a metrics format is accepted. What the store
counts is the same whichever process is asked; what HTTP counts is this process's alone.
"""

import time
from collections.abc import Iterable, Iterator

from flask import Flask, Response, current_app, g, request
from flask.views import MethodView
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from queueapp.api.auth import key
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.services import services
from queueapp.domain.api_key import Role
from queueapp.domain.errors import Forbidden, Unavailable
from queueapp.domain.fleet import NodeStatus, WorkerState, WorkerStatus
from queueapp.domain.meters import METER_BOUNDS_MS, Meter
from queueapp.domain.queue import TIERS
from queueapp.store import Store

KEPT = "queueapp_metrics"
HTTP_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
MOST_SCOPES = 1_000
NOWHERE = "(none)"
TEXT = {"type": "string", "format": "binary"}

Sample = tuple[list[str], float]

blueprint = ApiBlueprint("Metrics", __name__, description="Figures for monitoring.")


class HttpMeters:
    """Counts this process's answers by method, route and status."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answers = Counter(
            "queueapp_http_requests",
            "Requests answered by this process.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "queueapp_http_request_seconds",
            "Seconds until the answer was made.",
            ["route"],
            buckets=HTTP_BOUNDS_S,
            registry=self.registry,
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def begin(self) -> None:
        """Note when a request came."""
        g.metered_from = time.perf_counter()

    def note(self, response: Response) -> Response:
        """Count an answer under its route, never under its address: that may be anything."""
        rule = request.url_rule
        answers, seconds = self._of(
            request.method, rule.rule if rule else NOWHERE, response.status_code
        )
        answers.inc()
        began = g.get("metered_from")
        if began is not None:
            seconds.observe(time.perf_counter() - began)
        return response

    def _of(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        """Return what counts such answers, as cheaply as a dictionary gives it."""
        known = self._known.get((method, route, status))
        if known is None:
            answers = self._answers.labels(method, route, str(status))
            known = answers, self._seconds.labels(route)
            self._known[method, route, status] = known
        return known


class StoreFigures:
    """Reads the store at each scrape; one that cannot be read is down, and that is a figure."""

    def __init__(self, store: Store, now_ms: int) -> None:
        self._store = store
        self._now_ms = now_ms

    def collect(self) -> Iterator[Metric]:
        """Yield every figure of the store."""
        up = GaugeMetricFamily("queueapp_store_up", "Whether the store answers.")
        try:
            found = [*self._read()]
        except Unavailable:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from found

    def _read(self) -> Iterator[Metric]:
        store = self._store
        yield from _queues(store)
        yield from _durations(store)
        yield from _workers(store.workers.all(), self._now_ms)
        yield from _nodes(store.fleet.nodes(now_ms=self._now_ms), store.fleet.skews())
        yield from _leases(store)
        yield from _server(store)


def _gauge(name: str, text: str, rows: Iterable[Sample], *labels: str) -> Metric:
    family = GaugeMetricFamily(f"queueapp_{name}", text, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def _queues(store: Store) -> Iterator[Metric]:
    statuses = store.meters.statuses()
    rows = [([str(status)], number) for status, number in statuses.items()]
    yield _gauge("jobs", "Jobs that are kept, by status.", rows, "status")
    depths = store.meters.depths()
    by_tier = [
        ([str(tier)], sum(size for (_, one), size in depths.items() if one is tier))
        for tier in TIERS
    ]
    yield _gauge("queue_depth", "Queued jobs by priority.", by_tier, "priority")
    scopes = [
        ([scope.tenant, scope.project, str(priority)], size)
        for (scope, priority), size in depths.items()
    ][:MOST_SCOPES]
    labels = ("tenant", "project", "priority")
    text = f"Queued jobs by project and priority, {MOST_SCOPES} at the most."
    yield _gauge("scope_queue_depth", text, scopes, *labels)


def _durations(store: Store) -> Iterator[Metric]:
    waits = HistogramMetricFamily(
        "queueapp_wait_seconds",
        "Seconds from when a job could start until it did.",
        labels=["priority"],
    )
    attempts = HistogramMetricFamily(
        "queueapp_attempt_seconds", "Seconds that attempts ran, by their end.", labels=["end"]
    )
    lost = CounterMetricFamily("queueapp_lost_attempts", "Attempts whose lease was lost.")
    meters = store.meters.all()
    for (what, label), meter in sorted(meters.items()):
        if what == "wait":
            waits.add_metric([str(TIERS[int(label)])], _buckets(meter), meter.total_ms / 1000)
        else:
            attempts.add_metric([label], _buckets(meter), meter.total_ms / 1000)
    gone = meters.get(("attempt", "lost"))
    lost.add_metric([], sum(gone.counts) if gone else 0)
    yield from (waits, attempts, lost)


def _buckets(meter: Meter) -> list[tuple[str, float]]:
    bounds = [*(str(bound / 1000) for bound in METER_BOUNDS_MS), "+Inf"]
    return list(zip(bounds, map(float, meter.cumulative), strict=True))


def _workers(workers: list[WorkerStatus], now_ms: int) -> Iterator[Metric]:
    states = [worker.state(now_ms) for worker in workers]
    rows = [([str(state)], states.count(state)) for state in WorkerState]
    yield _gauge("workers", "Worker processes by what they do.", rows, "status")
    live = [worker for worker in workers if worker.live(now_ms)]
    slots = sum(worker.worker.slots for worker in live)
    yield _gauge("slots", "Slots of live workers.", [([], slots)])
    busy = sum(len(worker.jobs) for worker in live)
    yield _gauge("busy_slots", "Slots in which a job runs.", [([], busy)])


def _nodes(nodes: list[NodeStatus], skews: dict[str, int]) -> Iterator[Metric]:
    for name, text, field in (
        ("node_cpu_percent", "CPU load of a live node.", "cpu_percent"),
        ("node_memory_percent", "Memory in use of a live node.", "memory_percent"),
        ("node_disk_free_bytes", "Room where a live node's jobs write.", "disk_free_bytes"),
    ):
        rows = [
            ([node.node.id], float(value))
            for node in nodes
            if node.live and (value := getattr(node.sample, field)) is not None
        ]
        yield _gauge(name, text, rows, "node")
    skewed = [([node], ms / 1000) for node, ms in skews.items()]
    yield _gauge("node_clock_skew_seconds", "Clock of a node ahead of the store.", skewed, "node")


def _leases(store: Store) -> Iterator[Metric]:
    leases = store.meters.leases()
    yield _gauge("leases", "Leases of running jobs.", [([], leases.running)])
    left: list[tuple[list[str], float]] = (
        [] if leases.shortest_ms is None else [([], leases.shortest_ms / 1000)]
    )
    text = "What the lease that ends first has left; below zero it waits to be taken back."
    yield _gauge("shortest_lease_seconds", text, left)


def _server(store: Store) -> Iterator[Metric]:
    condition = store.condition.look()
    yield _gauge(
        "store_response_seconds",
        "How long the store took to answer.",
        [([], condition.response_ms / 1000)],
    )
    for name, text, value in (
        ("store_memory_bytes", "Memory that the store uses.", condition.used_memory_bytes),
        ("store_memory_limit_bytes", "Memory it may use.", condition.max_memory_bytes),
    ):
        if value is not None:
            yield _gauge(name, text, [([], float(value))])


def metrics_answer() -> Response:
    """Return every figure in Prometheus' text format."""
    engine = services().engine
    registry = CollectorRegistry()
    registry.register(StoreFigures(engine.store, engine.now_ms()))
    http: HttpMeters = current_app.extensions[KEPT]
    body = generate_latest(registry) + generate_latest(http.registry)
    return Response(body, content_type=CONTENT_TYPE_LATEST)


@blueprint.route("/metrics")
class Metrics(MethodView):
    """The figures for monitoring."""

    @blueprint.operation("getMetrics", role=Role.OPERATOR)
    @blueprint.response(200, TEXT, content_type="text/plain", description="Prometheus' format")
    def get(self) -> Response:
        """Get figures for Prometheus

        Of the store: queues, waits and runs as histograms, attempts, workers, nodes, leases. Of
        this process: its answers. Needs a key that is not bound to a tenant.
        """
        if key().tenant is not None:
            raise Forbidden("This needs a key that is not bound to a tenant: figures are of all.")
        return metrics_answer()


def install_metrics(app: Flask) -> None:
    """Count this process's answers."""
    meters = app.extensions[KEPT] = HttpMeters()
    app.before_request(meters.begin)
    app.after_request(meters.note)
