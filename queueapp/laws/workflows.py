"""Laws of workflows: their numbers are a recount of their jobs, their status follows from them.

A workflow and its jobs are read in one transaction, since jobs end at any time.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson

from queueapp.domain.states import TERMINAL, Status
from queueapp.laws.violation import Kind, Violation
from queueapp.store import Store


def broken_workflows(store: Store) -> Iterator[Violation]:
    """Yield what is wrong with each workflow."""
    for scope in sorted(store.client.smembers(store.keys("scopes"))):
        for workflow_id in store.client.zrange(store.keys("workflows", scope), 0, -1):
            yield from _judged(store, scope, workflow_id)
        for status in Status:
            listed = store.client.zrange(store.keys("workflows_by", scope, status), 0, -1)
            yield from _astray(store, scope, status, listed)


def _judged(store: Store, scope: str, workflow_id: str) -> Iterator[Violation]:
    key = store.keys("workflow", scope, workflow_id)
    text = store.client.hget(key, "steps")
    if text is None:
        yield _wrong(key, "is listed and is not there")
        return
    ids = [step["job_id"] for step in orjson.loads(text)]
    data, rows, listed = _at_one_moment(store, scope, workflow_id, ids)
    if not data:
        yield _wrong(key, "is listed and is not there")
        return
    left = [status for status, of in rows if of == workflow_id]
    yield from _number(key, "kept", int(data["kept"]), len(left))
    if len(left) == int(data["total"]):
        count = Counter(left)
        for status in sorted(TERMINAL):
            yield from _number(key, status, int(data.get(status, 0)), count[status])
    if data["status"] != _status(data):
        yield _wrong(key, f"has the status {data['status']} wrongly")
    if listed != {data["status"]}:
        yield _wrong(key, f"is {data['status']} and is listed as {', '.join(listed) or 'nothing'}")


def _at_one_moment(
    store: Store, scope: str, workflow_id: str, ids: list[str]
) -> tuple[dict[str, str], list[tuple[str | None, str | None]], set[str]]:
    pipe: Any = store.client.pipeline(transaction=True)
    pipe.hgetall(store.keys("workflow", scope, workflow_id))
    for status in Status:
        pipe.zscore(store.keys("workflows_by", scope, status), workflow_id)
    for job_id in ids:
        pipe.hmget(store.keys("job", job_id), "status", "workflow")
    data, *answers = pipe.execute()
    scores, rows = answers[: len(Status)], answers[len(Status) :]
    listed = {str(one) for one, score in zip(Status, scores, strict=True) if score is not None}
    return data, rows, listed


def _number(key: str, field: str, kept: int, real: int) -> Iterator[Violation]:
    if kept != real:
        yield _wrong(key, f"counts {field} wrongly: it is off by {kept - real:+d}")


def _wrong(key: str, text: str) -> Violation:
    return Violation(Kind.ENTRY, f"{key} {text}.", key=key)


def _status(data: dict[str, str]) -> str:
    """Return the status that follows from the counts; before the end, from the first start."""
    ended = {status: int(data.get(status, 0)) for status in TERMINAL}
    if sum(ended.values()) < int(data["total"]):
        return Status.RUNNING if "started" in data else Status.QUEUED
    bad = (Status.FAILED, Status.CANCELLED)
    return next((status for status in bad if ended[status]), Status.COMPLETED)


def _astray(store: Store, scope: str, status: Status, listed: list[str]) -> Iterator[Violation]:
    pipe = store.client.pipeline(transaction=False)
    for workflow_id in listed:
        pipe.hget(store.keys("workflow", scope, workflow_id), "status")
    for workflow_id, real in zip(listed, pipe.execute(), strict=True):
        if real != status:
            key = store.keys("workflow", scope, workflow_id)
            yield _wrong(key, f"is listed as {status} and is {real}")
