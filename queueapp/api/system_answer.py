"""Builds the system status from the engine's figures. Pure, like job_answer."""

from queueapp.api.schemas.enums import NodeState, SystemHealth
from queueapp.api.shown import Row
from queueapp.domain import text
from queueapp.domain.fleet import NodeStatus
from queueapp.domain.queue import Priority
from queueapp.foresight.system import SystemStatus

LONG_WAIT_MS = 30 * 60_000
MIB = 1 << 20


def health(status: SystemStatus) -> SystemHealth:
    """Say how the fleet is: no live node, some lost or swamped, or all well."""
    live = [node for node in status.nodes if node.live]
    if not live:
        return SystemHealth.UNHEALTHY
    swamped = status.all_slots_busy and status.average_wait_ms > LONG_WAIT_MS
    if swamped or any(node.lost for node in status.nodes):
        return SystemHealth.DEGRADED
    return SystemHealth.HEALTHY


def _whole(value: float | None) -> int | None:
    return None if value is None else text.whole(value)


def _tenth(value: float) -> float:
    return float(text.tenth(value))


def node_state(node: NodeStatus) -> NodeState:
    """Return what a node does, as people call it."""
    if not node.live:
        return NodeState.OFFLINE
    return NodeState.DRAINING if node.draining else NodeState.ACTIVE


def _node(node: NodeStatus) -> Row:
    capacity = min(node.slots, node.node.cpu_units)
    return {
        "nodeId": node.node.id,
        "status": node_state(node),
        "cpuUsage": _whole(node.sample.cpu_percent) if node.live else None,
        "memoryUsage": _whole(node.sample.memory_percent) if node.live else None,
        "activeJobs": node.active_jobs if node.live else None,
        "jobCapacity": capacity if node.live else None,
    }


def _queue(status: SystemStatus) -> Row:
    queued = {priority: status.queued.get(priority, 0) for priority in Priority}
    drain = status.drain_ms
    return {
        "totalQueuedJobs": sum(queued.values()),
        **{f"{p.lower()}PriorityJobs": count for p, count in queued.items()},
        "averageWaitTime": text.minutes(status.average_wait_ms),
        "averageWaitTimeSeconds": text.seconds(status.average_wait_ms),
        "estimatedProcessingTime": None if drain is None else text.whole_minutes(drain),
        "estimatedProcessingTimeSeconds": text.seconds(drain),
    }


def _performance(status: SystemStatus) -> Row:
    ended = status.completed_today + status.failed_today
    run = status.average_run_ms
    return {
        "jobsCompletedToday": status.completed_today,
        "averageJobDuration": None if run is None else text.minutes(run),
        "averageJobDurationSeconds": text.seconds(run),
        "successRate": _tenth(100 * status.completed_today / ended) if ended else None,
        "throughputPerHour": _tenth(status.completed_last_24h / 24),
    }


def _resources(status: SystemStatus) -> Row:
    live = [node for node in status.nodes if node.live]
    total = sum(node.node.memory_mb for node in live) * MIB
    used = [
        node.node.memory_mb * node.sample.memory_percent / 100
        for node in live
        if node.sample.memory_percent is not None
    ]
    disks = [n.sample.disk_free_bytes for n in live if n.sample.disk_free_bytes is not None]
    cpu = [
        node.node.cpu_units * node.sample.cpu_percent
        for node in live
        if node.sample.cpu_percent is not None
    ]
    return {
        "totalCpuCapacity": sum(node.node.cpu_units for node in live) * 100,
        "usedCpuCapacity": text.whole(sum(cpu)) if cpu else None,
        "totalMemoryCapacity": text.size(total),
        "usedMemoryCapacity": text.size(int(sum(used) * MIB)) if used else None,
        "diskSpaceAvailable": text.size(sum(disks)) if disks else None,
    }


def system_answer(status: SystemStatus) -> Row:
    """Return the fleet and the tenant's queues at a glance."""
    return {
        "systemStatus": health(status),
        "timestamp": text.timestamp(status.now_ms),
        "executionNodes": [_node(node) for node in status.nodes],
        "queueStatistics": _queue(status),
        "performanceMetrics": _performance(status),
        "resourceUtilization": _resources(status),
    }


def blind_answer(now_ms: int) -> Row:
    """Return the status for when the store cannot be read: unhealthy, every number unknown."""
    queue = ("totalQueuedJobs", *(f"{p.lower()}PriorityJobs" for p in Priority))
    waits = ("averageWaitTime", "estimatedProcessingTime")
    performance = ("jobsCompletedToday", "averageJobDuration", "averageJobDurationSeconds")
    resources = ("totalCpuCapacity", "usedCpuCapacity", "totalMemoryCapacity")
    return {
        "systemStatus": SystemHealth.UNHEALTHY,
        "timestamp": text.timestamp(now_ms),
        "executionNodes": [],
        "queueStatistics": dict.fromkeys((*queue, *waits, *(f"{w}Seconds" for w in waits))),
        "performanceMetrics": dict.fromkeys((*performance, "successRate", "throughputPerHour")),
        "resourceUtilization": dict.fromkeys(
            (*resources, "usedMemoryCapacity", "diskSpaceAvailable")
        ),
    }
