"""One law for every request that changes something: asked again it changes nothing more.

Under an Idempotency-Key the repeat gets the very answer of the first; where there is none, a put
says the same again, and a delete finds nothing left to do. Every such operation of both documents
must be in one of the tables here.
"""

import io
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis
from werkzeug.test import TestResponse

from actors.device_command import device_command_type
from queueapp.domain.fleet import Worker
from queueapp.store.idempotency import IdempotencyKeys
from tests.factories import NODE, claim, finish
from tests.house.document import operations
from tests.integration.api.conftest import JOB, Api
from tests.integration.data.wire import COLUMNS, LOG

PROJECT = "/api/t/p"
JOBS = f"{PROJECT}/execution/job"
WORKFLOWS = f"{PROJECT}/execution/workflow"
QUEUE = f"{PROJECT}/execution/queue"
SCHEDULE = f"{PROJECT}/schedules/s"
FLOW = {"workflowName": "w", "jobs": [{**JOB, "name": "a"}]}
DAILY = {"cron": "0 12 1 1 *", "job": JOB}
DEVICE = {
    "driver": "netmiko",
    "connection_args": {"host": "192.0.2.1", "device_type": "cisco_ios"},
}
KEY = {"Idempotency-Key": "once"}


@dataclass(frozen=True)
class Ask:
    """A request, and what another one under the same key is: its body."""

    method: str
    path: str
    body: Any = field(default_factory=dict)
    other: Any = field(default_factory=lambda: {"reason": "another"})

    def send(self, api: Api, body: Any = None, **headers: str) -> TestResponse:
        """Send it, or another body; a body with a file is a form."""
        sent = self.body if body is None else body
        form = isinstance(sent, dict) and "file" in sent
        made = {**sent, "file": (io.BytesIO(sent["file"]), "log.csv")} if form else sent
        return api.app.test_client().open(
            self.path,
            method=self.method,
            headers={"Authorization": f"Bearer {api.token}", **headers},
            **({"data": made} if form else {"json": made}),
        )


Prepare = Callable[[Api], Ask]


def plain(method: str, path: str, body: Any = None, other: Any = None) -> Prepare:
    """Return a request that needs nothing to be there."""
    given: dict[str, Any] = {"body": body} if body is not None else {}
    return lambda _: Ask(method, path, **given, **({"other": other} if other else {}))


def end_next(api: Api, outcome: str) -> None:
    """Run the next job to an end."""
    held = claim(api.store)
    assert held is not None
    finish(api.store, held, outcome)


def of_job(method: str, tail: str, body: Any, other: Any) -> Prepare:
    """Return a request about the second of two queued jobs."""
    return lambda api: [
        Ask(method, f"{QUEUE}/job/{job_id}/{tail}", body, other)
        for job_id in (api.submit(), api.submit())
    ][1]


def retry_of_job(api: Api) -> Ask:
    """To retry a job that has failed."""
    job_id = api.submit()
    end_next(api, "failed")
    return Ask("POST", f"{JOBS}/{job_id}/retry", other={"retryReason": "another"})


def new_workflow(api: Api) -> str:
    """Submit a workflow and return its address."""
    made = api.post(WORKFLOWS, FLOW).get_json()["workflowId"]
    return f"{WORKFLOWS}/{made}"


def retry_of_workflow(api: Api) -> Ask:
    """To retry a workflow that has failed."""
    path = new_workflow(api)
    end_next(api, "failed")
    return Ask("POST", f"{path}/retry", other={"retryReason": "another"})


def of_schedule(verb: str, *, paused: bool = False) -> Prepare:
    """Return a request about a schedule."""

    def prepare(api: Api) -> Ask:
        api.call("PUT", SCHEDULE, json={**DAILY, "paused": paused})
        return Ask("POST", f"{SCHEDULE}/{verb}")

    return prepare


def of_worker(verb: str) -> Prepare:
    """Return a request about a worker that drains."""

    def prepare(api: Api) -> Ask:
        api.store.workers.drain("w1", by="ann")
        return Ask("POST", f"/api/workers/w1/{verb}")

    return prepare


def of_device(verb: str, **more: Any) -> Prepare:
    """Return a request about devices, which a worker offers to speak with."""

    def prepare(api: Api) -> Ask:
        worker = Worker(name="d1", node=NODE, pid=1, slots=4, born_ms=0, version="0")
        api.store.fleet.register(worker, [device_command_type.info])
        other = {**DEVICE, **more, "connection_args": {"host": "b", "device_type": "cisco_ios"}}
        return Ask("POST", f"/device/{verb}", {**DEVICE, **more}, other)

    return prepare


UPLOAD = {**COLUMNS, "file": LOG}
KEYED: dict[str, Prepare] = {
    "submitJob": plain("POST", JOBS, JOB, {**JOB, "jobName": "another"}),
    "retryJob": retry_of_job,
    "submitWorkflow": plain("POST", WORKFLOWS, FLOW, {**FLOW, "workflowName": "another"}),
    "retryWorkflow": retry_of_workflow,
    "pauseSchedule": of_schedule("pause"),
    "resumeSchedule": of_schedule("resume", paused=True),
    "runSchedule": of_schedule("run"),
    "createDataset": plain("POST", f"{PROJECT}/datasets", UPLOAD, {**UPLOAD, "name": "another"}),
    "createPipeline": plain("POST", f"{PROJECT}/pipelines", {"name": "a"}, {"name": "another"}),
    "changeJobPriority": of_job("PUT", "priority", {"newPriority": "High"}, {"newPriority": "Low"}),
    "moveJob": of_job("PUT", "position", {"newPosition": 1}, {"newPosition": 2}),
    "controlQueue": plain("POST", f"{QUEUE}/control", {"action": "pause"}, {"action": "resume"}),
    "bulkJobs": plain(
        "POST",
        f"{QUEUE}/bulk",
        {"action": "cancel", "filter": {"priority": "Low"}},
        {"action": "cancel", "filter": {"priority": "High"}},
    ),
    "drainWorker": of_worker("drain"),
    "undrainWorker": of_worker("undrain"),
    "restartWorker": of_worker("restart"),
    "execOnDevice": of_device("exec", command="show clock"),
    "execOnDevices": of_device("bulk", command="show clock", devices=[{"host": "a"}, {}]),
    "testDevice": of_device("test"),
}


def of_put(path: str, body: Any) -> Prepare:
    """Return a put of something new."""
    return plain("PUT", f"{PROJECT}/{path}", body)


def of_delete(path: str, body: Any) -> Prepare:
    """Return a delete of something that was put."""

    def prepare(api: Api) -> Ask:
        put = Ask("PUT", f"{PROJECT}/{path}", body)
        assert put.send(api).status_code == 201
        return Ask("DELETE", put.path)

    return prepare


# Which operations have no key, and what the repeat is answered with.
KEYLESS: dict[str, tuple[Prepare, int]] = {
    "putSchedule": (of_put("schedules/s", DAILY), 200),
    "putDataset": (of_put("datasets/d", UPLOAD), 200),
    "putPipeline": (of_put("pipelines/p", {"name": "a"}), 200),
    "deleteSchedule": (of_delete("schedules/s", DAILY), 404),
    "deleteDataset": (of_delete("datasets/d", UPLOAD), 404),
    "deletePipeline": (of_delete("pipelines/p", {"name": "a"}), 404),
    "cancelJob": (lambda api: Ask("DELETE", f"{JOBS}/{api.submit()}"), 409),
    "cancelWorkflow": (lambda api: Ask("DELETE", new_workflow(api)), 409),
    "cancelUserJobs": (lambda api: Ask("DELETE", f"{QUEUE}/user/{api.submit() and 'admin'}"), 200),
    "cancelJobs": (lambda api: Ask("DELETE", f"/job?id={api.submit()}"), 409),
    "deleteWorkers": (plain("DELETE", "/worker?name=w1"), 404),
}


# What an operation on many jobs leaves of itself, also where it found none.
OF_ITS_OWN = (b":bulk", b":op:", b":audit")


@pytest.fixture(name="kept")
def _kept(redis_url: str) -> Iterator[Callable[..., dict[bytes, bytes]]]:
    """Look at everything that is stored, but for keys of which the name has one of these parts."""
    raw = redis.Redis.from_url(redis_url)

    def look(*without: bytes) -> dict[bytes, bytes]:
        names = sorted(raw.scan_iter(count=1_000))
        return {name: raw.dump(name) for name in names if not any(part in name for part in without)}

    yield look
    raw.close()


@contextmanager
def device_worker(api: Api, *, at_work: bool) -> Iterator[None]:
    """Have a worker that ends what it is given, for a request that waits for it."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.01):
            held = claim(api.store, "d1")
            if held is not None:
                finish(api.store, held)

    thread = threading.Thread(target=work if at_work else over.set)
    thread.start()
    yield
    over.set()
    thread.join()


def test_every_change_is_in_a_table(api: Api) -> None:
    """And every POST takes a key."""
    documents = [
        api.app.test_client().get(path).get_json()
        for path in ("/openapi.json", "/management/openapi.json")
    ]
    found: dict[str, tuple[str, bool]] = {}
    for document in documents:
        for name, operation in operations(document):
            heads = [one.get("name") for one in operation.get("parameters", [])]
            found[operation["operationId"]] = (name.split()[0], "Idempotency-Key" in heads)
    changes = {name: keyed for name, (method, keyed) in found.items() if method != "get"}

    assert set(KEYED) == {name for name, keyed in changes.items() if keyed}
    assert set(KEYLESS) == {name for name, keyed in changes.items() if not keyed}
    assert [] == [
        name for name, (method, _) in found.items() if method == "post" and name in KEYLESS
    ]


@pytest.mark.parametrize("name", sorted(KEYED))
def test_a_repeat_under_its_key_gets_the_first_answer(
    api: Api, kept: Callable[..., dict[bytes, bytes]], name: str
) -> None:
    """The same status, body and address, and nothing in the store has changed by it."""
    ask = KEYED[name](api)
    with device_worker(api, at_work=name == "testDevice"):
        first = ask.send(api, **KEY)
    before = kept()
    again = ask.send(api, **KEY)
    other = ask.send(api, ask.other, **KEY)

    assert first.status_code < 300, first.text
    assert (first.status_code, first.data) == (again.status_code, again.data)
    assert first.headers.get("Location") == again.headers.get("Location")
    assert (None, "true") == (
        first.headers.get("Idempotency-Replayed"),
        again.headers.get("Idempotency-Replayed"),
    )
    assert 422 == other.status_code, other.text
    assert before == kept()


@pytest.mark.parametrize("name", sorted(KEYED.keys() - {"createDataset"}))
def test_a_repeat_of_what_was_never_answered_does_nothing_more(
    api: Api,
    kept: Callable[..., dict[bytes, bytes]],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """The process died between the script and its answer; the script's receipt is enough."""
    ask, now = KEYED[name](api), time.time()
    # Estimates say whole seconds from now; none may pass between the two answers.
    monkeypatch.setattr(api.app.extensions["queueapp"].engine, "_clock", lambda: now)
    with monkeypatch.context() as patch, device_worker(api, at_work=name == "testDevice"):
        patch.setattr(IdempotencyKeys, "keep", lambda *_: None)
        first = ask.send(api, **KEY)
    before = kept(b":idem:")
    again = ask.send(api, **KEY)

    assert (first.status_code, "true") == (
        again.status_code,
        again.headers.get("Idempotency-Replayed"),
    )
    assert first.headers.get("Location") == again.headers.get("Location")
    assert first.get_json() == again.get_json()
    assert before == kept(b":idem:")


@pytest.mark.parametrize("name", sorted(KEYED.keys() - {"createDataset", "testDevice"}))
def test_equal_requests_at_once_get_one_answer(api: Api, name: str) -> None:
    """Whoever comes first acts; the answer that was kept first is everybody's."""
    ask = KEYED[name](api)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask.send(api, **KEY), range(4)))

    assert {answers[0].status_code} == {one.status_code for one in answers}
    assert {answers[0].data} == {one.data for one in answers}


@pytest.mark.parametrize("name", sorted(KEYLESS))
def test_a_repeat_without_a_key_changes_nothing_more(
    api: Api, kept: Callable[..., dict[bytes, bytes]], name: str
) -> None:
    """A put says the same again, a delete finds nothing left to do."""
    prepare, status = KEYLESS[name]
    ask = prepare(api)
    first = ask.send(api)
    before = kept(*OF_ITS_OWN)
    again = ask.send(api)

    assert first.status_code < 300, first.text
    assert status == again.status_code, again.text
    assert ask.method == "DELETE" or first.data == again.data
    assert before == kept(*OF_ITS_OWN)
