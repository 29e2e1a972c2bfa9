"""Gathers what a forecast is made of: plain JSON for the job that makes it.

forecasts.py writes it into the job's input. Rows become columns here, since a job's process is
short and would only read what nobody needs.
"""

from collections.abc import Iterable
from statistics import fmean
from typing import Any

import orjson

from queueapp.domain.rollup import DAY_MS, HOUR_MS, total
from queueapp.domain.scope import Scope, encode_part
from queueapp.domain.states import Status
from queueapp.store import Store
from queueapp.store.past import PastJobs
from queueapp.store.pauses import WHOLE_SCOPE

RELEARN_MS = DAY_MS
MOST_NODES = 20
MOST_SAMPLES = 23_040
"""Eight days of two machines, or a night of twenty."""
EFFICIENCY_DAYS = 7
AS_KEPT = ("created", "eligible", "started", "ended", "tier", "due", "unmet")


def gathered(store: Store, scope: Scope, now_ms: int, keep_ms: int) -> dict[str, Any]:
    """Return what the job is told, times in ms. Jobs are columns as `columns` returns them."""
    began = store.history.began_ms(scope)
    past = store.past.jobs(scope)
    since = max(began or now_ms, now_ms - keep_ms, 0 if past.whole else past.oldest_ms)
    kept = store.forecasts.get(scope) or {}
    learnt, learnt_at = kept.get("learnt"), kept.get("learnt_at", 0)
    old = now_ms - learnt_at > min(RELEARN_MS, (learnt_at - (began or 0)) / 4)
    glance = store.glances.read(scope)
    return {
        "now_ms": now_ms,
        "since_ms": since,
        "jobs": columns(past),
        "learnt": None if old else learnt,
        "learnt_at": now_ms if old or not learnt else learnt_at,
        "most_running": glance.limit,
        "pauses": {kind: pause.until_ms for kind, pause in glance.pauses.items()},
        "whole_scope": WHOLE_SCOPE,
        **_machines(store, scope, now_ms),
    }


def columns(past: PastJobs) -> dict[str, Any]:
    """Return jobs as columns: users and kinds are numbers of names, `order` places in the queue."""
    table = past.table
    types: list[str] = [(shape or "").rpartition(".")[0] for shape in table["shape"]]
    pairs = list(zip(types, table["resource"], strict=True))
    kinds = {pair: _kind(*pair) for pair in dict.fromkeys(pairs)}
    names, users = _numbered(kinds.values()), _numbered(table["user"])
    return {
        **{name: table[name] for name in AS_KEPT},
        "done": [status == Status.COMPLETED for status in table["status"]],
        "order": [past.queued.get(job_id or "") for job_id in table["id"]],
        "user": [users[user] for user in table["user"]],
        "users": list(users),
        "kind": [names[kinds[pair]] for pair in pairs],
        "kinds": list(names),
    }


def _numbered(names: Iterable[str | None]) -> dict[str | None, int]:
    """Number names in the order in which they come."""
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def _kind(job_type: str, resource: str | None) -> str:
    """Return what alike jobs share, as the basis of their run times is called."""
    if resource is None:
        return f"t/{job_type}"
    found = orjson.loads(resource)
    return f"r/{job_type}/{found['type']}/{encode_part(found['id'])}"


def _machines(store: Store, scope: Scope, now_ms: int) -> dict[str, Any]:
    """Return the live slots, how many others hold of them, and the load of the machines."""
    nodes = [node for node in store.nodes.all(now_ms=now_ms) if node.live][:MOST_NODES]
    workers = store.fleet.workers(now_ms=now_ms)
    slots = [int(w["slots"]) for w in workers if w["live"] and w.get("draining") != "1"]
    most = MOST_SAMPLES // max(1, len(nodes))
    loads = [(n.node.cpu_units, store.nodes.load_rows(n.node.id, limit=most)) for n in nodes]
    lately = now_ms - HOUR_MS
    active = sum(
        fmean(found)
        for _, rows in loads
        if (found := [jobs for at_ms, _, _, jobs, _ in rows if at_ms >= lately])
    )
    week = store.history.hours(
        scope, (now_ms - EFFICIENCY_DAYS * DAY_MS) // HOUR_MS * HOUR_MS, now_ms
    )
    newest = total(week[-2:])
    own = newest.busy_ms / newest.length_ms if newest.length_ms else 0.0
    return {
        "slots": sum(slots),
        "step": max(1, round(fmean(slots))) if slots else 1,
        "others": max(0.0, active - own),
        "efficiency": total(week).efficiency,
        "loads": loads,
    }
