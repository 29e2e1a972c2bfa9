"""Workers, the nodes they run on, and what they offer and report."""

from dataclasses import dataclass, field
from enum import StrEnum

from queueapp.domain.scope import Scope

HEARTBEAT_MS = 5_000
MISSED_HEARTBEATS = 3
DEAD_AFTER_MS = HEARTBEAT_MS * MISSED_HEARTBEATS
OFFLINE_LISTED_MS = 3_600_000


@dataclass(frozen=True)
class Node:
    """A machine: its identity (boot, not host name) and its whole capacity."""

    id: str
    hostname: str
    cpu_units: int
    memory_mb: int
    pin_capacity: int | None = None  # pinned hosts whose sessions it keeps; None for any number


@dataclass(frozen=True)
class NodeSample:
    """How loaded a node was at one moment; None is what could not be read."""

    cpu_percent: float | None = None
    memory_percent: float | None = None
    disk_free_bytes: int | None = None


@dataclass(frozen=True)
class NodeLoad:
    """How a node was at one moment: its load in percent, its running jobs, slots and free disk."""

    at_ms: int
    cpu_percent: float | None
    memory_percent: float | None
    active_jobs: int
    slots: int
    disk_free_bytes: int | None = None


@dataclass(frozen=True)
class NodeStatus:
    """A node as the registry knows it now."""

    node: Node
    sample: NodeSample
    last_heartbeat_ms: int
    slots: int
    active_jobs: int
    draining: bool
    live: bool
    held_hosts: int = 0  # pinned hosts whose sessions it has, in use or kept
    left_ms: int | None = None  # when a worker of it last stopped on purpose

    @property
    def lost(self) -> bool:
        """Whether it is gone though its last worker did not stop on purpose."""
        return not self.live and (self.left_ms is None or self.left_ms < self.last_heartbeat_ms)


@dataclass(frozen=True)
class Worker:
    """A worker process: its name is new at every start."""

    name: str
    node: Node
    pid: int
    slots: int
    born_ms: int
    version: str


class WorkerState(StrEnum):
    """What a worker does now."""

    BUSY = "busy"  # runs at least one job
    IDLE = "idle"
    SUSPENDED = "suspended"  # drains: takes no further job
    DEAD = "dead"  # has missed its heartbeats, or no longer asks for jobs


@dataclass(frozen=True)
class Drain:
    """A wish that a worker takes no further job; at its deadline it gives back what it runs."""

    by: str
    at_ms: int
    reason: str | None = None
    until_ms: int | None = None
    restart: bool = False


@dataclass(frozen=True)
class Occupation:
    """A job that a worker runs now."""

    job_id: str
    scope: Scope
    host: str | None
    started_ms: int


@dataclass(frozen=True)
class HeldHost:
    """A pinned host whose session a node has, in use or kept for the next job."""

    scope: Scope
    host: str


@dataclass(frozen=True)
class WorkerStatus:
    """A worker as the registry knows it now, with the free room of its node."""

    worker: Worker
    types: tuple[str, ...]
    heartbeat_ms: int
    polled_ms: int
    succeeded: int
    failed: int
    free_cpu_units: int
    free_memory_mb: int
    jobs: tuple[Occupation, ...]
    drain: Drain | None
    held: tuple[HeldHost, ...] = ()  # by its node's keeper, for all workers of the node

    def live(self, now_ms: int) -> bool:
        """Whether it beats and also asks for jobs: a beating thread alone proves nothing."""
        return now_ms - min(self.heartbeat_ms, self.polled_ms) < DEAD_AFTER_MS

    def state(self, now_ms: int) -> WorkerState:
        """Return what it does; a dead worker is dead whatever it had to do."""
        if not self.live(now_ms):
            return WorkerState.DEAD
        if self.drain is not None:
            return WorkerState.SUSPENDED
        return WorkerState.BUSY if self.jobs else WorkerState.IDLE


@dataclass(frozen=True)
class Orders:
    """What a worker is told to do with itself; times are left from now on."""

    dismissed: bool = False  # it was deleted: its jobs have ended already
    drain: bool = False
    restart: bool = False
    left_ms: int | None = None  # until a drain's deadline; None without one


@dataclass(frozen=True)
class Requirements:
    """What a job reserves on a node while it runs."""

    cpu_units: int = 1
    memory_mb: int = 1024
    disk_bytes: int | None = None

    @property
    def memory_gb(self) -> float:
        """The memory as people give it: 0.1 GB, which is kept as 102 MB, is 0.1 GB again."""
        return round(self.memory_mb / 1024, 3)

    @property
    def shape(self) -> str:
        """The class of equal requirements, as part of a store key."""
        return f"{self.cpu_units}c{self.memory_mb}m"


@dataclass(frozen=True)
class JobTypeInfo:
    """A job type as workers publish it in the catalogue."""

    name: str
    description: str
    parameters_schema: dict[str, object]
    resource_types: tuple[str, ...]
    datasets: tuple[str, ...]
    stages: tuple[str, ...]
    outputs: tuple[str, ...]
    cpu_units: int = 1
    memory_gb: float = 1.0
    disk_bytes: int | None = None
    max_attempts: int = 1
    retry_delay_s: float = 30.0
    retry_max_delay_s: float = 3600.0
    isolation: str = "process"
    internal: bool = False
    extra: dict[str, object] = field(default_factory=dict)
