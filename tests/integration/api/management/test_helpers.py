"""The helpers of the Job Management API's source document run against this server.

The document lost its indentation: only that is put back, as the depth of each line. Their requests
go to the application itself, so neither a port nor a second process is needed.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import responses

from tests.factories import claim, finish, submit
from tests.integration.api.conftest import Api
from tests.integration.api.management.rows import T
from tests.shared_data import shared

SITE = "http://localhost:9000"
# The name of each helper, and how deep its lines stand.
HELPERS = {
    "check_job_status": "011221122122",
    "process_job_result": "011221122334342312",
    "wait_for_job_completion": "011112232323231",
    "monitor_batch_jobs": "01111123445545521",
    "monitor_workers": "011221122222233",
    "get_all_workers": "0111121",
    "get_workers_by_queue": "0111121",
    "get_workers_by_host": "0111121",
    "terminate_worker": "01111",
    "terminate_workers_by_queue": "01111",
    "terminate_workers_by_host": "01111",
    "check_system_health": "011122332312",
}
# Some helpers have the key written into them.
THEIR_KEY = re.compile("your-api-key-here|your_key")

Helpers = dict[str, Any]


def indented(document: list[str], name: str) -> str:
    """Return a helper's lines, each as deep as it has to stand."""
    depths = HELPERS[name]
    start = next(i for i, line in enumerate(document) if line.startswith(f"def {name}("))
    lines = document[start : start + len(depths)]
    return "\n".join("    " * int(depth) + line for depth, line in zip(depths, lines, strict=True))


@pytest.fixture
def helpers(api: Api) -> Iterator[Helpers]:
    """The helpers, their requests answered by the application."""
    document = shared("seeds/job-management-api.en.txt").read_text().splitlines()
    names: Helpers = {"requests": requests}
    for name in HELPERS:
        exec(THEIR_KEY.sub(api.token, indented(document, name)), names)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        for method in ("GET", "DELETE"):
            web.add_callback(method, re.compile(f"{SITE}/.*"), lambda asked: _answer(api, asked))
        yield names


def _answer(api: Api, asked: Any) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(asked.url)
    found = api.app.test_client().open(
        f"{parts.path}?{parts.query}", method=asked.method, headers=dict(asked.headers)
    )
    return found.status_code, dict(found.headers), found.data


def end_one(api: Api, job_id: str, outcome: str) -> None:
    """Run a job to an end."""
    submit(api.store, id=job_id, scope=T)
    held = claim(api.store)
    assert held is not None
    changes = {"result": {"summary": {"rows": 7}}} if outcome == "completed" else {}
    finish(api.store, held, outcome, changes=changes)


def test_a_finished_job_is_followed_to_its_result(helpers: Helpers, api: Api) -> None:
    """By the single look, the wait and the batch."""
    end_one(api, "good", "completed")
    end_one(api, "bad", "failed")

    assert ("finished", {"rows": 7}) == (
        helpers["check_job_status"]("good", api.token)[0],
        helpers["wait_for_job_completion"]("good", api.token, interval=0),
    )
    assert {"rows": 7} == helpers["process_job_result"]("good", api.token)
    assert (["good"], ["bad"]) == helpers["monitor_batch_jobs"](["good", "bad"], api.token)
    with pytest.raises(Exception, match="it broke"):
        helpers["wait_for_job_completion"]("bad", api.token, interval=0)


def test_unknown_and_cancelled_jobs_end_the_helpers(helpers: Helpers, api: Api) -> None:
    """None of them breaks on a missing entry."""
    submit(api.store, id="gone", scope=T)
    assert (
        200
        == requests.delete(
            f"{SITE}/job?id=gone", headers={"X-API-KEY": api.token}, timeout=60
        ).status_code
    )

    assert (None, None) == helpers["check_job_status"]("nothing", api.token)
    assert "Query failed" == helpers["process_job_result"]("nothing", api.token)
    assert ("cancelled", None) == helpers["check_job_status"]("gone", api.token)
    with pytest.raises(Exception, match="Unknown job status"):
        helpers["wait_for_job_completion"]("gone", api.token)


def test_workers_are_watched_and_ended(
    helpers: Helpers, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    """Listed by everything and by queue, told apart, and terminated by name."""
    end_one(api, "good", "completed")
    helpers["monitor_workers"](api.token)

    assert "Worker w1: 1 completed, 0 failed" in capsys.readouterr().out
    assert ["w1"] == [row["name"] for row in helpers["get_all_workers"]()]
    assert ["w1"] == [row["name"] for row in helpers["get_workers_by_queue"]("FifoQ")]
    assert [] == helpers["get_workers_by_host"]("192.0.2.1")
    assert "ok" == helpers["check_system_health"]()
    assert helpers["terminate_workers_by_host"]("192.0.2.1")
    assert helpers["terminate_worker"]("w1")
    assert not helpers["terminate_worker"]("w1")
    assert {"status": "error", "message": "HTTP 503"} == helpers["check_system_health"]()
