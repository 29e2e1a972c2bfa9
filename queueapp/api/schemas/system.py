"""What the system status answers, for the API document."""

from marshmallow import fields

from queueapp.api.schemas import ResponseSchema
from queueapp.api.schemas.enums import NodeState, SystemHealth
from queueapp.api.schemas.fields import Choice, Count, Note, Real, Stamp


class ExecutionNode(ResponseSchema):
    """A machine with workers; its numbers are null while it is offline."""

    node_id = Note()
    status = Choice(NodeState)
    cpu_usage = Count(allow_none=True, metadata={"description": "Percent."})
    memory_usage = Count(allow_none=True, metadata={"description": "Percent."})
    active_jobs = Count(allow_none=True)
    job_capacity = Count(allow_none=True)


class QueueStatistics(ResponseSchema):
    """The queued jobs of the tenant; null while the store cannot be read."""

    total_queued_jobs = Count(allow_none=True)
    critical_priority_jobs = Count(allow_none=True)
    high_priority_jobs = Count(allow_none=True)
    normal_priority_jobs = Count(allow_none=True)
    low_priority_jobs = Count(allow_none=True)
    average_wait_time = Note(allow_none=True)
    average_wait_time_seconds = Real(allow_none=True)
    estimated_processing_time = Note(allow_none=True)
    estimated_processing_time_seconds = Real(allow_none=True)


class SystemPerformance(ResponseSchema):
    """How the tenant's jobs have gone today (UTC)."""

    jobs_completed_today = Count(allow_none=True)
    average_job_duration = Note(allow_none=True)
    average_job_duration_seconds = Real(allow_none=True)
    success_rate = Real(allow_none=True)
    throughput_per_hour = Real(allow_none=True)


class ResourceUtilization(ResponseSchema):
    """What the live nodes have and use; CPU in hundredths of a core."""

    total_cpu_capacity = Count(allow_none=True)
    used_cpu_capacity = Count(allow_none=True)
    total_memory_capacity = Note(allow_none=True)
    used_memory_capacity = Note(allow_none=True)
    disk_space_available = Note(allow_none=True)


class SystemStatus(ResponseSchema):
    """The fleet and the tenant's queues at a glance."""

    system_status = Choice(SystemHealth)
    timestamp = Stamp()
    execution_nodes = fields.List(fields.Nested(ExecutionNode))
    queue_statistics = fields.Nested(QueueStatistics)
    performance_metrics = fields.Nested(SystemPerformance)
    resource_utilization = fields.Nested(ResourceUtilization)
