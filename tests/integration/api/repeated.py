"""A request for every operation that changes something, to be asked twice.

What it is about is made first; the tables are by operation id.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from actors.device_command import device_command_type
from queueapp.domain.fleet import Worker
from tests.factories import NODE, claim, finish
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
