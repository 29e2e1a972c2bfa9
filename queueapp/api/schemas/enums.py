"""The closed lists of the API, each a named component of its document."""

from enum import StrEnum

from queueapp.domain.bulk import BulkAction, BulkState
from queueapp.domain.fleet import WorkerState
from queueapp.domain.periods import Aggregation
from queueapp.domain.queue import Priority
from queueapp.domain.schedule import CatchUp as CatchUpPolicy
from queueapp.domain.schedule import Overlap as OverlapPolicy
from queueapp.domain.schedule import RunOutcome as ScheduleOutcome
from queueapp.domain.schedule import ScheduleState
from queueapp.domain.states import Status, WaitReason


class ResourceType(StrEnum):
    """What a job may work on."""

    PIPELINE = "Pipeline"
    DATASET = "Dataset"
    NOTEBOOK = "Notebook"
    INVESTIGATION = "Investigation"


class OnDependencyFailure(StrEnum):
    """What becomes of a job whose dependency fails."""

    CANCEL = "cancel"
    RUN = "run"


class ControlAction(StrEnum):
    """What to do with a queue."""

    PAUSE = "pause"
    RESUME = "resume"


class QueueState(StrEnum):
    """Whether jobs may start."""

    ACTIVE = "Active"
    PAUSED = "Paused"


class ResultFormat(StrEnum):
    """How much of the results to show."""

    SUMMARY = "summary"
    DETAILED = "detailed"
    DOWNLOAD = "download"


class OutputType(StrEnum):
    """Which outputs to list."""

    REPORTS = "reports"
    DATA = "data"
    MODELS = "models"
    VISUALIZATIONS = "visualizations"


class LogLevel(StrEnum):
    """How severe a log line is, the least severe first."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    """The form in which logs are shown."""

    STRUCTURED = "structured"
    RAW = "raw"


class Isolation(StrEnum):
    """Where a job's code runs: in a process of its own, or in a thread of its worker."""

    PROCESS = "process"
    THREAD = "thread"


class SystemHealth(StrEnum):
    """How the fleet is as a whole."""

    HEALTHY = "Healthy"
    DEGRADED = "Degraded"
    UNHEALTHY = "Unhealthy"


class NodeState(StrEnum):
    """What a node does."""

    ACTIVE = "Active"
    DRAINING = "Draining"
    OFFLINE = "Offline"


class HistoryMetric(StrEnum):
    """What a bucket of history shows."""

    QUEUE_SIZE = "queue_size"
    WAIT_TIME = "wait_time"
    THROUGHPUT = "throughput"
    EFFICIENCY = "efficiency"


class Basis(StrEnum):
    """How much history a prediction rests on."""

    NONE = "none"
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


class AccuracyBasis(StrEnum):
    """Which points an accuracy is of: those shown lately, those of a replay, or none."""

    SHOWN = "shown"
    REPLAY = "replay"
    NONE = "none"


class PredictedThing(StrEnum):
    """What is predicted: sizes and waits of a queue, run times and starts of jobs."""

    SIZE = "size"
    WAIT = "wait"
    DURATION = "duration"
    START = "start"


class Extent(StrEnum):
    """How much of something there is."""

    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"


class ManagedStatus(StrEnum):
    """What the Job Management API calls the statuses; it understands both spellings of one."""

    QUEUED = "queued"
    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CANCELED = "canceled"


class DeviceDriver(StrEnum):
    """What talks to a device."""

    NETMIKO = "netmiko"
    PARAMIKO = "paramiko"
    PYEAPI = "pyeapi"


class EapiTransport(StrEnum):
    """How a switch's eAPI is reached."""

    HTTPS = "https"
    HTTP = "http"


class QueueStrategy(StrEnum):
    """How jobs of one device stand to each other: one at a time, or as they come."""

    FIFO = "fifo"
    PINNED = "pinned"


class RenderingEngine(StrEnum):
    """What makes lines from templates."""

    JINJA2 = "jinja2"


NAMES: dict[type[StrEnum], str] = {
    Status: "JobStatus",
    CatchUpPolicy: "CatchUpPolicy",
    OverlapPolicy: "OverlapPolicy",
    ScheduleOutcome: "ScheduleOutcome",
}


def component_name(choices: type[StrEnum]) -> str:
    """Return the name under which the API document lists an enum."""
    return NAMES.get(choices, choices.__name__)


__all__ = (
    "AccuracyBasis",
    "Aggregation",
    "Basis",
    "BulkAction",
    "BulkState",
    "CatchUpPolicy",
    "ControlAction",
    "DeviceDriver",
    "EapiTransport",
    "Extent",
    "HistoryMetric",
    "Isolation",
    "LogFormat",
    "LogLevel",
    "ManagedStatus",
    "NodeState",
    "OnDependencyFailure",
    "OutputType",
    "OverlapPolicy",
    "PredictedThing",
    "Priority",
    "QueueState",
    "QueueStrategy",
    "RenderingEngine",
    "ResourceType",
    "ResultFormat",
    "ScheduleOutcome",
    "ScheduleState",
    "Status",
    "SystemHealth",
    "WaitReason",
    "WorkerState",
    "component_name",
)
