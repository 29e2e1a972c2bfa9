"""What operators see of the default stack: its connections, its log, its traces."""

import json
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from queueapp.embedded import ephemeral_server
from queueapp.store.connect import Client, connect
from tests.system.collector import Collector
from tests.system.upped import PROJECT, Upped
from tests.waiting import eventually

pytestmark = pytest.mark.slow

KEY = "a-key-that-nobody-may-read"
TRACE = uuid.uuid4().hex
OURS = "tests"


@dataclass
class Stack:
    """The default stack as in production, with a store and a collector to look into."""

    up: Upped
    client: Client
    collector: Collector

    def submit(self, request_id: str = "") -> str:
        """Submit a job that ends by itself."""
        return str(self.post("job", request_id).json()["jobId"])

    def post(self, path: str, request_id: str) -> requests.Response:
        """Send a job's submission."""
        headers = {
            "Authorization": f"Bearer {KEY}",
            "X-Request-Id": request_id or uuid.uuid4().hex,
            "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
        }
        body = {
            "jobName": "observed",
            "jobType": "Gated",
            "parameters": {"ledger": "/dev/null", "gate": "/dev/null"},
        }
        return requests.post(
            f"{self.up.client.address}{PROJECT}/execution/{path}",
            json=body,
            headers=headers,
            timeout=90,
        )

    def listen(self, over: threading.Event) -> None:
        """Follow the project's events until it is over."""
        with (
            suppress(requests.RequestException),
            requests.get(
                f"{self.up.client.address}{PROJECT}/execution/events",
                headers={"Authorization": f"Bearer {KEY}", "Accept": "text/event-stream"},
                stream=True,
                timeout=(10, 1),
            ) as answer,
        ):
            for _ in answer.iter_content(None):
                if over.is_set():
                    return

    def connections(self) -> Counter[str]:
        """Return how many connections the store has, by the names of their owners."""
        rows: list[dict[str, Any]] = self.client.client_list()
        return Counter(row["name"] for row in rows if row["name"] != OURS)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One web process and one worker of four threads."""
    folder = tmp_path_factory.mktemp("observed")
    with ephemeral_server() as server, Collector() as collector:
        settings = {
            "REDIS_URL": server.url,
            "QUEUEAPP_ENV": "production",
            "QUEUEAPP_ADMIN_KEY": KEY,
            "QUEUEAPP_SECRET_KEY": "a-secret-that-nobody-may-read",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        up = Upped(folder / "data", threads=4, settings=settings).ready()
        client = connect(server.url, max_connections=1, name=OURS)
        try:
            yield Stack(up, client, collector)
        finally:
            client.close()
            up.interrupt()


def test_it_keeps_eight_connections_under_load(stack: Stack) -> None:
    """Web and worker have no more than 8 connections together, with streams and jobs at once."""
    over = threading.Event()
    seen: list[Counter[str]] = []

    def load() -> None:
        while not over.is_set():
            stack.submit()

    waiter = threading.Event()
    with ThreadPoolExecutor(8) as pool:
        ends = [pool.submit(load) for _ in range(4)]
        ends += [pool.submit(stack.listen, over) for _ in range(4)]
        try:
            while len(seen) < 60:
                waiter.wait(0.03)
                seen.append(stack.connections())
        finally:
            over.set()
    for end in ends:
        end.result(30)
    most = max(seen, key=Counter.total)

    assert most.total() <= 8, most
    # One that is being made has no name yet, and is counted all the same.
    assert {"queueapp-web", "queueapp-worker"} == set().union(*seen) - {""}
    assert max(one["queueapp-web"] for one in seen) <= 4
    assert max(one["queueapp-worker"] for one in seen) <= 4


def test_each_line_can_be_read_by_a_program(stack: Stack) -> None:
    """Lines are JSON; request and attempt share the request's id; no secret is in any."""
    job_id = stack.submit("request-of-a-failure")
    eventually(lambda: stack.up.status(job_id) == "Completed")
    refused = stack.post("no-such-verb", "request-that-is-refused")
    lines = eventually(lambda: _of(stack, "request-that-is-refused"))
    accepted = eventually(lambda: _of(stack, "request-of-a-failure"))[0]

    assert 404 == refused.status_code
    assert [404] == [line["status"] for line in lines]
    assert ("request", "POST", 202) == (
        accepted["event"],
        accepted["method"],
        accepted["status"],
    )
    assert ("acme", "sales") == (accepted["tenant"], accepted["project"])
    assert "nobody-may-read" not in "".join(
        line for line in stack.up.lines if "Admin key" not in line
    )


def _of(stack: Stack, request_id: str) -> list[dict[str, Any]]:
    return [line for line in _lines(stack) if line.get("request_id") == request_id]


def _lines(stack: Stack) -> list[dict[str, Any]]:
    """Return what the web process has written; each line of it must be JSON."""
    web = [line.partition("| ") for line in list(stack.up.lines) if line.startswith("web")]
    return [json.loads(text) for _, _, text in web]


def test_a_trace_goes_through_both_processes(stack: Stack) -> None:
    """The collector gets one trace of both, and of the job: submission, attempt, its own code."""
    job_id = stack.submit()
    eventually(lambda: stack.up.status(job_id) == "Completed")
    wanted = {
        ("queueapp-web", "submit Gated"),
        ("queueapp-worker", "wait Gated"),
        ("queueapp-worker", "attempt Gated"),
        ("queueapp-worker", "run Gated"),
        ("queueapp-worker", "code Gated"),
    }

    assert eventually(
        lambda: wanted <= {spans[:2] for spans in [*stack.collector.spans] if spans[2] == TRACE}
    )
