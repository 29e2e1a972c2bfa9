"""The whole application behind the real web server: streams, and requests as they come in."""

import json
import time
from pathlib import Path

import pytest

from queueapp.api.streams import HEARTBEAT_S
from queueapp.store import Store
from tests.factories import add_worker
from tests.integration.web.wire import (
    EVENTS,
    LAST_STREAMS,
    STREAM,
    Server,
    exchange,
    read_all,
    request,
)


def test_an_event_arrives_at_once_over_the_wire(server: Server, store: Store) -> None:
    """In a chunk of its own, and not with the next heartbeat only."""
    add_worker(store)
    body = json.dumps({"jobName": "x", "jobType": "Sleep"}).encode()
    kind = {"Content-Type": "application/json", "Connection": "close"}
    with server.stream() as stream:
        status, _, raw = exchange(server, request("POST", "/api/t/p/execution/job", kind, body))
        assert 202 == status, raw
        began_s, told = time.monotonic(), ""
        while "event: submitted\ndata: {" not in told:
            block = stream.recv(65_536)
            assert block, told
            told += block.decode()

        assert time.monotonic() - began_s < HEARTBEAT_S


def test_a_client_that_leaves_frees_its_place(server: Server, store: Store) -> None:
    """Within about a second, without waiting for a heartbeat to fail."""
    for _ in range(2):
        opened = [server.stream() for _ in range(LAST_STREAMS)]
        assert 429 == exchange(server, request("GET", EVENTS, STREAM))[0]
        for connection in opened:
            connection.close()


def connections_of_web(store: Store) -> int:
    """Return how many connections web processes have to the store."""
    return [one["name"] for one in store.client.client_list()].count("queueapp-web")


def test_streams_do_not_hold_up_a_stop(redis_url: str, store: Store, tmp_path: Path) -> None:
    """SIGTERM ends them, whatever their clients do; until then all share few connections."""
    others = connections_of_web(store)
    with Server(redis_url, tmp_path, "--graceful-timeout", "120") as server:
        connections = [server.stream() for _ in range(LAST_STREAMS)]
        opened = connections_of_web(store) - others
        took_s = server.stop()
        last = [read_all(one) for one in connections]
        for one in connections:
            one.close()

    assert [b"0\r\n\r\n"] * LAST_STREAMS == [text[-5:] for text in last]
    assert took_s < 60  # what requests in flight are given is twice that
    assert 1 <= opened <= 4


def test_a_slow_client_is_not_waited_for(redis_url: str, store: Store, tmp_path: Path) -> None:
    """Half a request, or half a body, holds a thread for a bounded time; a stream goes on."""
    worker = "tests.integration.web.hasty.HastyWorker"
    half = request("POST", "/api/t/p/execution/job", {"Content-Type": "application/json"}, b"{}")
    with (
        Server(redis_url, tmp_path, "--worker-class", worker) as server,
        server.stream() as stream,
        server.connect() as silent,
        server.connect() as slow,
    ):
        silent.sendall(half[:40])
        slow.sendall(half[:-1])
        assert b"" == read_all(silent)
        assert read_all(slow).startswith(b"HTTP/1.1 400 ")
        stream.settimeout(0.2)
        with pytest.raises(TimeoutError):
            stream.recv(1)
