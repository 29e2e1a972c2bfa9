"""The store's figures for Prometheus, read at each scrape.

``metrics`` serves them. What they cost grows with the scopes that ever had a job, the workers and
the nodes, never with jobs.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from queueapp.domain.errors import Unavailable
from queueapp.domain.fleet import NodeStatus, WorkerState, WorkerStatus
from queueapp.domain.meters import METER_BOUNDS_MS, Meter
from queueapp.domain.queue import TIERS
from queueapp.store import Store
from queueapp.store.shown import Tallies

MOST_SCOPES = 1_000

Sample = tuple[list[str], float]


@dataclass(frozen=True)
class Sight:
    """Whose figures are told: those of one tenant or project, or of all; by scope, or in sum."""

    tenant: str | None = None
    project: str | None = None
    by_scope: bool = True

    @property
    def whole(self) -> bool:
        """Whether it is of everybody."""
        return self.tenant is None


class StoreFigures:
    """Reads the store at each scrape; one that cannot be read is down, and that is a figure."""

    def __init__(self, store: Store, now_ms: int, sight: Sight) -> None:
        self._store = store
        self._now_ms = now_ms
        self._sight = sight

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
        store, now_ms = self._store, self._now_ms
        yield from _queues(store, self._sight)
        yield from _workers(store.workers.all(), now_ms)
        yield from _nodes(store.nodes.all(now_ms=now_ms), store.nodes.skews())
        yield from _server(store)
        if self._sight.whole:
            yield from _durations(store)
            yield from _leases(store)
            yield from _forecasts(store.shown.tallies(now_ms=now_ms))


def _gauge(name: str, text: str, rows: Iterable[Sample], *labels: str) -> Metric:
    family = GaugeMetricFamily(f"queueapp_{name}", text, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def _queues(store: Store, sight: Sight) -> Iterator[Metric]:
    scopes = store.coverage.scopes(sight.tenant, sight.project)
    sizes = store.meters.sizes(scopes)
    rows = [([str(status)], number) for status, number in sizes.statuses.items()]
    yield _gauge("jobs", "Jobs that are kept, by status.", rows, "status")
    by_tier = [
        ([str(tier)], sum(size for (_, one), size in sizes.depths.items() if one is tier))
        for tier in TIERS
    ]
    yield _gauge("queue_depth", "Queued jobs by priority.", by_tier, "priority")
    if sight.by_scope:
        found = [
            ([scope.tenant, scope.project, str(priority)], size)
            for (scope, priority), size in sizes.depths.items()
        ][:MOST_SCOPES]
        labels = ("tenant", "project", "priority")
        text = f"Queued jobs by project and priority, {MOST_SCOPES} at the most."
        yield _gauge("scope_queue_depth", text, found, *labels)


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
    silent_ms = [now_ms - worker.heartbeat_ms for worker in live]
    oldest: list[Sample] = [([], max(0, *silent_ms) / 1000)] if silent_ms else []
    text = "How long ago the live worker that is silent for longest was heard of."
    yield _gauge("oldest_heartbeat_seconds", text, oldest)


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
    left = "What the lease that ends first has left; below zero it waits to be taken back."
    age = "How long ago the lease that is held for longest was given."
    for name, text, value in (
        ("shortest", left, leases.shortest_ms),
        ("oldest", age, leases.oldest_ms),
    ):
        rows: list[Sample] = [] if value is None else [([], value / 1000)]
        yield _gauge(f"{name}_lease_seconds", text, rows)


def _forecasts(tallies: Tallies) -> Iterator[Metric]:
    """Yield how predictions that were shown compared: coverage, and medians by their unit."""
    samples: list[Sample] = []
    coverage: list[Sample] = []
    jobs: list[Sample] = []
    seconds: list[Sample] = []
    for (what, lead), tally in sorted(tallies.items()):
        mark, labels = tally.mark, [what, lead]
        samples.append((labels, mark.samples))
        if mark.coverage is not None:
            coverage.append((labels, mark.coverage))
        if mark.median_error is not None and what == "size":
            jobs.append((labels, mark.median_error))
        elif mark.median_error is not None:
            seconds.append((labels, mark.median_error / 1000))
    for name, text, rows in (
        ("compared", "Predictions that were compared with what came", samples),
        ("coverage_ratio", "Share of predictions whose range held", coverage),
        ("median_error_jobs", "Median error of predicted queue sizes", jobs),
        ("median_error_seconds", "Median error of predicted waits, run times and starts", seconds),
    ):
        told = f"{text}, in the last seven days, by how far ahead they looked."
        yield _gauge(f"forecast_{name}", told, rows, "target", "lead")


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
