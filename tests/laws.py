"""The laws of the store, checked after every test that touches it.

They are recounts: slow, complete, and independent of the scripts that keep the numbers.
"""

from queueapp.domain.queue import TIER_SPAN, TIERS
from queueapp.domain.states import Status
from queueapp.store import Store


def check(store: Store) -> None:
    """Assert every law on what the store holds now."""
    broken = list(violations(store))

    assert broken == []


def violations(store: Store) -> list[str]:
    """Return one sentence per broken law."""
    jobs = _jobs(store)
    found: list[str] = []
    leases = dict(store.client.zrange(store.keys("leases"), 0, -1, withscores=True))
    running = {job for job, fields in jobs.items() if fields["status"] == "Running"}
    if set(leases) != running:
        found.append(f"leases {sorted(leases)} are not the running jobs {sorted(running)}")
    for scope in {fields["scope"] for fields in jobs.values()}:
        inside = {job: fields for job, fields in jobs.items() if fields["scope"] == scope}
        found += _scope_violations(store, scope, inside)
    found += _node_violations(store, jobs)
    return found


def _jobs(store: Store) -> dict[str, dict[str, str]]:
    pattern = store.keys("job", "*").replace("{", "[{]").replace("}", "[}]")
    keys = list(store.client.scan_iter(pattern, count=1000))
    plain = [key for key in keys if key.count(":") == 2]
    return {key.rsplit(":", 1)[1]: _unfolded(store.client.hgetall(key)) for key in plain}


def _unfolded(fields: dict[str, str]) -> dict[str, str]:
    """Return a job's fields with what its tier and shape say written out."""
    kind, _, size = fields["shape"].rpartition(".")
    cpu, _, memory = size.removesuffix("m").partition("c")
    priority = str(TIERS[int(fields["tier"])])
    return {**fields, "type": kind, "cpu": cpu, "mem": memory, "priority": priority}


def _scope_violations(store: Store, scope: str, jobs: dict[str, dict[str, str]]) -> list[str]:
    found = []
    queue = dict(store.client.zrange(store.keys("queue", scope), 0, -1, withscores=True))
    queued = {job for job, fields in jobs.items() if fields["status"] == "Queued"}
    if set(queue) != queued:
        found.append(f"the queue of {scope} is not its queued jobs")
    for job, score in queue.items():
        if score != float(jobs[job]["score"]) or score // TIER_SPAN != int(jobs[job]["tier"]):
            found.append(f"{job} stands at {score}, not at {jobs[job]['score']}")
    for status in Status:
        members = set(store.client.zrange(store.keys("index", scope, "status", status), 0, -1))
        wanted = {job for job, fields in jobs.items() if fields["status"] == status}
        if members != wanted:
            found.append(f"the index of {status} in {scope} is wrong")
    for name in ("type", "user", "priority"):
        for value in {fields[name] for fields in jobs.values()}:
            members = set(store.client.zrange(store.keys("index", scope, name, value), 0, -1))
            wanted = {job for job, fields in jobs.items() if fields[name] == value}
            if members != wanted:
                found.append(f"the index of {name} {value} in {scope} is wrong")
    return [*found, *_runnable_violations(store, scope, jobs)]


def _runnable_violations(store: Store, scope: str, jobs: dict[str, dict[str, str]]) -> list[str]:
    found = []
    due = set(store.client.zrange(store.keys("due"), 0, -1))
    runnable: dict[str, str] = {}
    places = {(fields["tier"], fields["shape"]) for fields in jobs.values()}
    for tier, shape in places:
        members = store.client.zrange(store.keys("runnable", scope, tier, shape), 0, -1)
        runnable.update(dict.fromkeys(members, shape))
        listed = store.client.zscore(store.keys("directory", tier, shape), scope) is not None
        kind = shape.rpartition(".")[0]
        if listed != (bool(members) and _may_run(store, scope, kind)):
            found.append(f"directory {tier} {shape} lists {scope}: {listed}")
        known = store.client.sismember(store.keys("shapes", scope), f"{tier}|{shape}")
        if bool(known) != bool(members):
            found.append(f"{scope} knows of {tier} {shape}: {known}")
    for job, fields in jobs.items():
        waits = job in due or int(fields.get("unmet") or 0) > 0
        if (job in runnable) != (fields["status"] == "Queued" and not waits):
            found.append(f"{job} is {fields['status']}, waits {waits}, runnable {job in runnable}")
    meta = store.client.hgetall(store.keys("meta", scope))
    since = sum(int(jobs[job]["eligible"]) for job in runnable)
    if (int(meta.get("eligible", 0)), int(meta.get("eligible_since", 0))) != (len(runnable), since):
        found.append(f"the waiting sums of {scope} are not a recount: {meta}")
    return found


def _may_run(store: Store, scope: str, kind: str) -> bool:
    paused = store.client.hmget(store.keys("pauses", scope), "*", kind)
    most = store.client.hget(store.keys("meta", scope), "max_running")
    running = store.client.zcard(store.keys("index", scope, "status", "Running"))
    return not any(paused) and (most is None or running < int(most))


def _node_violations(store: Store, jobs: dict[str, dict[str, str]]) -> list[str]:
    found = []
    for node in store.client.zrange(store.keys("nodes"), 0, -1):
        fields = store.client.hgetall(store.keys("node", node))
        here = [
            job for job in jobs.values() if job["status"] == "Running" and job.get("node") == node
        ]
        used = (sum(int(job["cpu"]) for job in here), sum(int(job["mem"]) for job in here))
        kept = (int(fields.get("cpu_used", 0)), int(fields.get("mem_used", 0)))
        if used != kept or len(here) != int(fields.get("active", 0)):
            found.append(f"node {node} holds {used} in {len(here)} jobs, counted {kept}")
    return found
