"""What a web process answers while its store takes connections but says nothing."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from queueapp.app import create_app
from queueapp.config import Config
from queueapp.embedded import ephemeral_server
from queueapp.store import Client, connect

ADMIN = "the-admin-key"
PATIENCE_S = 2.0
AT_ONCE_S = 1.0  # of the twenty-four that ask, half are answered within it
JOBS = "/api/t/p/execution/jobs"


class Hanging:
    """An application, and the server below it that can be stopped."""

    def __init__(self, app: Flask, pid: int, client: Client) -> None:
        self.app = app
        self.pid = pid
        self.client = client

    def stop(self) -> None:
        """Let the server be silent; its connections stay open, and new ones are taken."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let the server go on where it was."""
        os.kill(self.pid, signal.SIGCONT)

    def ask(self, path: str = JOBS) -> tuple[int, float]:
        """Return the status of an answer, and how long it took."""
        began = time.monotonic()
        answer = self.app.test_client().get(path, headers={"Authorization": f"Bearer {ADMIN}"})
        assert answer.status_code == 200 or int(answer.headers["Retry-After"]) > 0
        return answer.status_code, time.monotonic() - began

    def recover(self, within_s: float = 60) -> float:
        """Wait until requests are served, and return how long that took."""
        began = time.monotonic()
        while self.ask()[0] != 200:
            assert time.monotonic() - began < within_s, "it does not come back"
            time.sleep(0.005)
        return time.monotonic() - began

    def ask_much(self, times: int = 24) -> list[tuple[int, float]]:
        """Ask from many threads at once."""
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(lambda _: self.ask(), range(times)))


@pytest.fixture(scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hanging]:
    folder = tmp_path_factory.mktemp("hanging")
    with ephemeral_server() as server:
        config = Config(
            redis_url=server.url,
            data_dir=folder,
            admin_key=ADMIN,
            secret_key="secret",
            store_seconds=PATIENCE_S,
        )
        pid = server.process_id()
        assert pid is not None
        client = connect(server.url, max_connections=1, name="tests")
        yield Hanging(create_app(config), pid, client)
        client.close()


@pytest.fixture
def hanging(_served: Hanging) -> Iterator[Hanging]:
    """A store that answers before and after."""
    _served.recover()
    try:
        yield _served
    finally:
        _served.go_on()


def test_one_request_waits_and_those_after_it_do_not(hanging: Hanging) -> None:
    """The first is answered after the time that is set, following ones at once, many at a time."""
    hanging.stop()
    status, waited_s = hanging.ask()
    after = hanging.ask_much()

    assert (503, True) == (status, PATIENCE_S <= waited_s < 2 * PATIENCE_S)
    assert {503} == {status for status, _ in after}
    assert AT_ONCE_S > sorted(seconds for _, seconds in after)[len(after) // 2]


def test_requests_that_come_together_wait_once(hanging: Hanging) -> None:
    """More requests than connections are all answered within one time, not one after the other."""
    hanging.stop()
    answers = hanging.ask_much()

    assert {503} == {status for status, _ in answers}
    assert max(seconds for _, seconds in answers) < PATIENCE_S * 2


def test_it_works_again_as_soon_as_the_store_does(hanging: Hanging) -> None:
    """The first sign of life is enough, however long it was silent."""
    hanging.stop()
    hanging.ask()
    time.sleep(1.5 * PATIENCE_S)  # its own questions have timed out meanwhile, too
    refused = hanging.ask()[0]
    hanging.go_on()
    recovered_s = hanging.recover()

    assert 503 == refused
    assert recovered_s < PATIENCE_S
    assert {200} == {status for status, _ in hanging.ask_much()}


def test_what_tells_of_the_store_tells_it_at_once(hanging: Hanging) -> None:
    """Health, readiness, status and figures say what is wrong; the process itself is well."""
    hanging.stop()
    hanging.ask()
    asked = {
        path: hanging.ask(path)
        for path in ("/livez", "/readyz", "/health", "/metrics", "/api/t/execution/system/status")
    }

    assert [200, 503, 503, 200, 200] == [status for status, _ in asked.values()]
    assert AT_ONCE_S > sorted(seconds for _, seconds in asked.values())[2]


def test_a_slow_answer_is_waited_for(hanging: Hanging) -> None:
    """What comes within the time is an answer, and nobody is refused for it."""
    pause_s = PATIENCE_S * 0.3
    began = time.monotonic()
    hanging.client.client_pause(int(pause_s * 1000), all=True)
    answers = hanging.ask_much()

    assert {200} == {status for status, _ in answers}
    assert time.monotonic() - began >= pause_s
