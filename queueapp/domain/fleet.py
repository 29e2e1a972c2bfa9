"""Workers, the nodes they run on, and what they offer and report."""

from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class NodeSample:
    """How loaded a node was at one moment; None is what could not be read."""

    cpu_percent: float | None = None
    memory_percent: float | None = None
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


@dataclass(frozen=True)
class Worker:
    """A worker process: its name is new at every start."""

    name: str
    node: Node
    pid: int
    slots: int
    born_ms: int
    version: str


@dataclass(frozen=True)
class Requirements:
    """What a job reserves on a node while it runs."""

    cpu_units: int = 1
    memory_mb: int = 1024
    disk_bytes: int | None = None

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
