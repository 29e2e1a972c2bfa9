"""Large logs are read by a job; whatever becomes of it, the dataset says so."""

import gzip
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actors.dataset_profile import dataset_profile
from queueapp import BadInput, JobContext
from queueapp.domain.job import Claim
from queueapp.domain.outcome import Failure
from queueapp.engine import intake
from queueapp.eventlog import apart
from queueapp.eventlog.describing import PROFILE_TYPE
from queueapp.runner.dataset_input import DatasetInput
from queueapp.runner.task import Assignment
from queueapp.store import Store
from tests import factories
from tests.integration.data.wire import COLUMNS, LOG, Api
from tests.integration.store.records import SCOPE


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every log be a large one."""
    monkeypatch.setattr(intake, "READ_AT_ONCE_BYTES", 10)


@pytest.fixture
def large_api(make_api: Callable[..., Api], small_limit: None) -> Api:
    """An API that leaves every log to a job, and a worker that offers to read it."""
    api = make_api()
    add_profiler(api.store)
    return api


def add_profiler(store: Store) -> None:
    """Register a worker that offers the profile job, and only that."""
    worker = factories.add_worker(store, types=(PROFILE_TYPE,))
    info = dataset_profile.info
    store.fleet.register(_worker(worker), [info])


def _worker(name: str) -> Any:
    from queueapp.domain.fleet import Worker

    return Worker(name=name, node=factories.NODE, pid=1, slots=4, born_ms=0, version="0")


def run_profile(api: Api, held: Claim) -> dict[str, Any]:
    """Run a claimed profile job here and return its summary."""
    dataset = api.store.datasets.get(SCOPE, held.job.inputs["datasetId"])
    path = api.app.extensions["queueapp"].objects.local_path(dataset.object_key)
    given = DatasetInput(
        parameter="datasetId",
        id=dataset.id,
        name=dataset.name,
        format=dataset.format,
        path=path,
        columns=dataset.columns,
        options=dict(dataset.options),
        sha256=dataset.sha256,
    )
    assignment = Assignment(
        id=held.job.id,
        type=held.job.type,
        attempt=1,
        name=held.job.name,
        parameters=held.job.parameters,
        directory=api.data_dir,
        now_ms=1_800_000_000_000,
        inputs=(given,),
    )
    events: list[dict[str, Any]] = []
    dataset_profile(JobContext(assignment, events.append, stages=("Reading",)))
    return next(one["values"] for one in events if one["event"] == "summary")


def claimed(api: Api) -> Claim:
    """Claim the profile job."""
    held = factories.claim(api.store)
    assert held is not None
    return held


def test_a_large_log_is_stored_and_read_later(large_api: Api) -> None:
    """202 and Profiling with nulls; Ready with the numbers once the job has ended."""
    api = large_api
    sent = api.upload()
    body = sent.get_json()
    held = claimed(api)
    summary = run_profile(api, held)
    factories.finish(api.store, held, changes={"result": {"summary": summary}})
    api.library.job_ended(SCOPE, held.job.id)
    stored = api.store.datasets.get(SCOPE, "d")
    shown = api.call("GET", "datasets/d").get_json()

    assert (sent.status_code, body["status"], body["rows"]) == (202, "Profiling", None)
    assert (held.job.type, held.job.resource.id if held.job.resource else None) == (
        PROFILE_TYPE,
        "d",
    )
    assert stored.status == "Ready"
    assert (shown["status"], shown["rows"], shown["cases"], shown["invalidRows"]) == (
        "Ready",
        4,
        2,
        1,
    )
    assert shown["columns"] == {**COLUMNS, "resource": None, "startTime": None}


def test_the_same_large_log_again_is_not_read_twice(large_api: Api) -> None:
    """A repeat while the job waits is 202 with the same record, and no second job."""
    first, again = large_api.upload(), large_api.upload()

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.get_json() == again.get_json()
    assert large_api.store.client.zcard(large_api.store.keys("queue", SCOPE.key)) == 1


def test_a_job_that_nobody_told_of_is_noticed(large_api: Api) -> None:
    """Reading the dataset finds the end of its job."""
    api = large_api
    api.upload()
    held = claimed(api)
    summary = run_profile(api, held)
    factories.finish(api.store, held, changes={"result": {"summary": summary}})

    assert api.call("GET", "datasets").get_json()["datasets"][0]["status"] == "Ready"


def test_a_log_that_cannot_be_read_fails_with_its_reason(large_api: Api) -> None:
    """The dataset is Failed; sending it again tries again."""
    api = large_api
    body = LOG + b"3,M\xfcller,2024-01-01,x\n"
    api.upload(body)
    held = claimed(api)
    with pytest.raises(BadInput) as caught:
        run_profile(api, held)
    failure = Failure("bad_input", str(caught.value))
    factories.finish(api.store, held, "failed", changes={"failure": failure})
    api.library.job_ended(SCOPE, held.job.id)
    shown = api.call("GET", "datasets/d").get_json()

    assert shown["status"] == "Failed"
    assert "not UTF-8" in shown["error"]
    assert api.upload(body).get_json()["status"] == "Profiling"


@pytest.mark.parametrize("packed", [False, True])
def test_a_large_table_without_its_columns_is_refused_at_once(large_api: Api, packed: bool) -> None:
    """Its head is enough to name the field; nothing is stored."""
    before = large_api.left()
    body, filename = (gzip.compress(LOG), "l.csv.gz") if packed else (LOG, "l.csv")
    refused = large_api.upload(body, filename=filename, fields={**COLUMNS, "caseId": "order"})

    assert refused.status_code == 400
    assert [one["field"] for one in refused.get_json()["errors"]] == ["/caseId"]
    assert large_api.left() == before


def test_a_late_profile_of_replaced_bytes_is_dropped(large_api: Api) -> None:
    """Only the newest upload's profile is taken over."""
    api = large_api
    api.upload()
    held = claimed(api)
    summary = run_profile(api, held)
    api.upload(LOG + b"3,x,2024-01-01,y\n")
    factories.finish(api.store, held, changes={"result": {"summary": summary}})
    api.library.job_ended(SCOPE, held.job.id)

    assert api.call("GET", "datasets/d").get_json()["status"] == "Profiling"


def test_a_cancelled_profile_job_fails_the_dataset(large_api: Api) -> None:
    """It does not stay Profiling for ever."""
    api = large_api
    job_id = api.store.datasets.get(SCOPE, api.upload().get_json()["id"]).profile_job
    assert job_id is not None
    api.store.jobs.cancel(
        SCOPE, job_id, by="ann", reason=None, force=False, preserve=True, keep_ms=10**9
    )

    assert api.call("GET", "datasets/d").get_json()["status"] == "Failed"


def test_without_a_worker_a_large_log_is_not_taken(
    make_api: Callable[..., Api], small_limit: None
) -> None:
    """503, and nothing is stored: neither with no worker nor with one that cannot read logs."""
    api = make_api()
    for prepare in (lambda: None, lambda: factories.add_worker(api.store)):
        prepare()
        before = api.left()

        assert api.upload().status_code == 503
        assert api.left() == before


@pytest.mark.parametrize("replaces", [False, True])
def test_a_full_queue_refuses_a_large_log(
    make_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch, replaces: bool
) -> None:
    """429, and what was there before is there again."""
    api = make_api(max_queued_jobs=1)
    add_profiler(api.store)
    if replaces:
        api.upload()
    factories.submit(api.store, scope=SCOPE)
    _, objects, _ = api.left()
    shown = api.call("GET", "datasets/d").get_json()
    monkeypatch.setattr(intake, "READ_AT_ONCE_BYTES", 10)
    refused = api.upload(LOG + b"3,x,2024-01-01,y\n")
    after = api.call("GET", "datasets/d").get_json()

    assert refused.status_code == 429
    assert api.left()[1] == objects
    for body in (shown, after):
        for key in ("lastUpdated", "requestId"):
            body.pop(key, None)
    assert after == shown


def test_the_memory_of_the_job_follows_the_size(large_api: Api) -> None:
    """Small logs need little; the request is bounded."""
    large_api.upload()
    held = claimed(large_api)

    assert held.job.requirements.memory_mb == 1024
    assert replace(held.job.requirements, memory_mb=0).cpu_units == 1


def test_a_small_log_that_unfolds_to_gigabytes_is_left_to_a_job(
    make_api: Callable[..., Api],
) -> None:
    """The web process lives on; only the job, under its limit, will fail."""
    event = '<event><string key="concept:name" value="a"/></event>'
    big = f'<string key="big" value="{"x" * 500_000}"/>'
    body = f"<log><trace>{big}{event * 20_000}</trace></log>".encode()
    api = make_api()
    add_profiler(api.store)
    response = api.upload(body, filename="log.xes", fields={})

    assert (response.status_code, response.get_json()["status"]) == (202, "Profiling")


def test_the_process_that_reads_knows_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its environment holds what a program needs to start, and nothing of ours."""
    for name in ("QUEUEAPP_SECRET_KEY", "QUEUEAPP_ADMIN_KEY", "AWS_SECRET_ACCESS_KEY", "REDIS_URL"):
        monkeypatch.setenv(name, "secret")

    assert "secret" not in apart.environment().values()


def test_an_upload_loads_no_table_library_into_the_web_process(
    redis_url: str, tmp_path: Path
) -> None:
    """Reading happens elsewhere, so the web process stays small."""
    program = f"""
import io, pathlib, sys
from queueapp.app import create_app
from queueapp.config import Config
folder = pathlib.Path({str(tmp_path)!r})
app = create_app(Config(redis_url={redis_url!r}, data_dir=folder, admin_key="k", secret_key="s"))
data = {{"file": (io.BytesIO({LOG!r}), "l.csv"), **{COLUMNS!r}}}
answer = app.test_client().put("/api/a/b/datasets/d", data=data, headers={{"X-API-KEY": "k"}})
print(answer.status_code, "polars" in sys.modules, "statsmodels" in sys.modules)
"""
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200)

    assert ended.stdout.split() == ["201", "False", "False"]
