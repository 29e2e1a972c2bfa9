"""Every key of the store, in one table that the scripts are rendered from too.

One hash tag holds all keys, so that a script may touch any of them on a cluster.
Ids in keys are percent-encoded part by part (``domain.scope``), so no two can collide.
"""

from typing import Final

PATTERNS: Final[dict[str, tuple[str, ...]]] = {
    # one job
    "job": ("j", "$"),  # hash: what changes of a job; short values, so that it stays compact
    "spec": ("j", "$", "spec"),  # string: what never changes of a job, as JSON
    "attempts": ("j", "$", "attempts"),  # list: ended attempts, oldest first; decision 0052
    "log": ("j", "$", "log"),  # string: the newest log lines of a running attempt; expires
    "dependents": ("j", "$", "dependents"),  # set: jobs that wait for this one
    # one scope
    "queue": ("s", "$", "q"),  # zset: every Queued job, by order score
    "typed": ("s", "$", "q", "$"),  # zset: the Queued jobs of a type, by order score
    "owned": ("s", "$", "u", "$"),  # zset: the Queued jobs of a user, by order score
    "behind": ("s", "$", "behind"),  # set: jobs whose places in those two are yet to follow
    "runnable": ("s", "$", "r", "$", "$"),  # zset: runnable jobs of a tier and a shape
    "host": ("s", "$", "host", "$"),  # zset: ready jobs that are pinned to a host, by order score
    "pin": ("s", "$", "pin", "$"),  # string: the pinned job whose turn it is on a host
    "keeper": ("s", "$", "keeper", "$"),  # string: the node with a host's session; 0058
    "shapes": ("s", "$", "shapes"),  # set: "tier|shape" of the scope's runnable jobs
    "paused": ("s", "$", "paused", "$"),  # zset: when pauses of a kind began and ended; expires
    "pauses": ("s", "$", "pauses"),  # hash: job type, or * for the whole scope -> its pause
    "meta": ("s", "$", "meta"),  # hash: sequence, virtual time, waiting sums
    "all": ("s", "$", "all"),  # zset: every job, by creation time
    "index": ("s", "$", "by", "$", "$"),  # zset: jobs by a field's value, by creation time
    "done": ("s", "$", "done"),  # zset: completed jobs by end
    "events": ("s", "$", "events"),  # stream: facts in the lives of jobs
    "progress": ("s", "$", "progress"),  # stream: how far running jobs come; short, expires
    "runs": ("s", "$", "runs", "$"),  # list: newest run times of a duration basis
    "hour": ("s", "$", "hour", "$"),  # hash: roll-up of one hour
    "audit": ("s", "$", "audit"),  # stream: who did what, when and why; expires
    "hours": ("s", "$", "hours"),  # zset: the hours that have a roll-up
    "bottlenecks": ("s", "$", "bottlenecks"),  # zset: bottlenecks that are over, by their end
    "watch": ("s", "$", "watch"),  # string: the bottleneck that is watched
    "reasons": ("s", "$", "reasons", "$"),  # zset: what a shape waits for, by since when
    "forecast": ("s", "$", "forecast"),  # string: the newest forecast, as JSON; expires
    "forecast_turn": ("s", "$", "turn"),  # hash: when a forecast was ordered, and why; expires
    "run_times": ("s", "$", "runtimes"),  # hash: learnt run times by user and basis; expires
    "shown": ("s", "$", "shown"),  # zset: predictions to be compared, by when; expires
    "scored": ("s", "$", "scored", "$"),  # string: how predictions compared in six hours; expires
    "achieved": ("s", "$", "achieved"),  # hash: how many shown points were close, by day; expires
    "sampled": ("s", "$", "sampled"),  # string: predictions were remembered lately; expires
    "asked": ("s", "$", "asked"),  # string: somebody asked for the forecast lately; expires
    "day": ("s", "$", "day", "$"),  # string: roll-up of one day, as JSON
    "bulk": ("s", "$", "bulk", "$"),  # hash: an operation on many jobs; expires
    "bulk_jobs": ("s", "$", "bulk", "$", "jobs"),  # zset: its jobs that are left, in order
    "bulk_kept": ("s", "$", "bulk", "$", "kept"),  # zset: jobs it left alone, by the reason
    "bulk_ids": ("s", "$", "bulk", "$", "ids"),  # list: job ids still to be looked at
    "idempotency": ("s", "$", "idem", "$"),  # string: the answer to a repeated request
    "artifact": ("a", "$"),  # hash: a published file
    "dataset": ("s", "$", "ds", "$"),  # hash: an event log or another input
    "datasets": ("s", "$", "ds"),  # zset: dataset ids by creation time
    "dataset_jobs": ("s", "$", "ds", "$", "jobs"),  # zset: jobs that may need it, by submission
    "pipeline": ("s", "$", "pl", "$"),  # hash: a named set of defaults
    "pipelines": ("s", "$", "pl"),  # zset: pipeline ids by creation time
    "workflow": ("s", "$", "wf", "$"),  # hash: a graph of jobs, and how many of them ended how
    "workflows": ("s", "$", "wf"),  # zset: every workflow, by creation time
    "workflows_by": ("s", "$", "wfby", "$"),  # zset: workflows of a status, by creation time
    "schedule": ("s", "$", "sched", "$"),  # hash: what to submit when, and its newest fires
    "schedules": ("s", "$", "sched"),  # zset: schedule ids by creation time
    "schedule_runs": ("s", "$", "sched", "$", "runs"),  # list: newest fires first, as JSON
    # the fleet
    "fires": ("fires",),  # zset: "scope|schedule" by when to look at it next
    "scopes": ("scopes",),  # set: scopes that ever had a job
    "tenant": ("t", "$"),  # set: projects of a tenant
    "trailing": ("trailing",),  # set: scopes with jobs that are behind
    "due": ("due",),  # zset: jobs that wait for a time
    "expiries": ("expiries",),  # zset: jobs that fail if they are still queued then
    "leases": ("leases",),  # zset: running jobs by the end of their lease
    "resumes": ("resumes",),  # zset: "scope|type" of pauses by their end
    "type_limits": ("limits",),  # hash: job type -> how many may run in the fleet
    "type_running": ("running",),  # hash: job type -> how many run in the fleet
    "ended": ("ended",),  # zset: ended jobs by the end of their retention
    "cascade": ("cascade",),  # list: ended jobs whose dependents are still to be told
    "directory": ("d", "$", "$"),  # zset: scopes with runnable jobs of a tier and a shape
    "live": ("d", "$"),  # set: shapes with runnable jobs of a tier
    "virtual": ("d",),  # string: the fair clock
    "workers": ("workers",),  # zset: worker names by last heartbeat
    "worker": ("w", "$"),  # hash: a worker
    "claimed": ("w", "$", "claimed"),  # hash: each thread's newest claim, for a repeat
    "wake": ("w", "$", "wake"),  # list: tokens that end a worker's block
    "idle": ("idle",),  # zset: parked workers by the time they parked
    "nodes": ("nodes",),  # zset: node ids by last heartbeat
    "kept": ("n", "$", "kept"),  # zset: hosts that a node holds, by their end; inf: in use
    "load": ("n", "$", "load"),  # list: a node's load, a sample a minute, newest first
    "node": ("n", "$"),  # hash: a node
    "catalogue": ("catalogue",),  # hash: job type -> what workers published of it
    "api_key": ("k", "$"),  # hash: an API key by its id; the secret only as a digest
    "api_keys": ("keys",),  # zset: API keys by creation time
    "operation": ("op", "$"),  # string: the receipt of an action, for its repeat; expires
    "bulks": ("bulks",),  # zset: "scope|id" of operations that go on, by their last step
    "orphans": ("orphans",),  # zset: objects that no record names, by when they may be deleted
    "libraries": ("libraries",),  # zset: loaded function libraries by when they were loaded
    "tally": ("tally", "$"),  # hash: how predictions compared in the fleet on a day; expires
    "meters": ("meters",),  # hash: what the fleet's meters have counted
    "clock": ("clock",),  # hash: sums over time of busy and of live slots
    "idle_marks": ("idle_marks",),  # zset: the sum of idle slots over time at the start of hours
    "upkeep": ("upkeep",),  # string: who does the chores
}


class Keys:
    """Builds keys under one prefix: ``keys("job", job_id)``."""

    def __init__(self, prefix: str = "{queueapp}") -> None:
        self.prefix = prefix

    def __call__(self, name: str, *parts: object) -> str:
        """Return the key called ``name`` with its variable parts filled in."""
        filled = iter(parts)
        pattern = PATTERNS[name]
        return ":".join(
            [self.prefix, *(str(next(filled)) if part == "$" else part for part in pattern)],
        )


def lua_key_functions() -> str:
    """Return Lua source of a function for each key: ``K.job(id)``. ``P`` is the prefix."""
    lines = ["local K = {}"]
    for name, pattern in sorted(PATTERNS.items()):
        arguments = [f"a{i}" for i, part in enumerate(pattern) if part == "$"]
        names = iter(arguments)
        # Neighbouring words are one literal: each piece that is joined costs.
        text = "".join(
            f":' .. {next(names)} .. '" if part == "$" else f":{part}" for part in pattern
        )
        joined = f"P .. '{text}'".removesuffix(" .. ''")
        lines.append(f"function K.{name}({', '.join(arguments)}) return {joined} end")
    return "\n".join(lines)
