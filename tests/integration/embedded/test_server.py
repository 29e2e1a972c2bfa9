"""The embedded server: one per data directory, shared, stopped by the last, its data kept."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from queueapp.embedded import (
    EmbeddedServer,
    EmbeddedServerError,
    ephemeral_server,
    leave_server,
    start_server,
)
from queueapp.embedded.directory import SOCKET_PATH_LIMIT, Layout
from queueapp.embedded.locks import is_locked
from tests.waiting import eventually

# A user in a process of its own: joins, says so, and leaves when its input ends.
USER = """
import sys
from pathlib import Path
from queueapp.embedded import start_server
server = start_server(Path(sys.argv[1]))
print(server.process_id(), flush=True)
sys.stdin.read()
server.leave()
"""

type_of_user = subprocess.Popen[str]


_users: list[type_of_user] = []


@pytest.fixture(autouse=True)
def _users_end() -> Iterator[None]:
    """Whatever a test comes to, its users end."""
    yield
    while _users:
        user = _users.pop()
        if user.poll() is None:
            user.kill()
            user.communicate()


def start_user(data_dir: Path) -> type_of_user:
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    _users.append(user)
    return user


def server_pid_of(user: type_of_user) -> int:
    assert user.stdout is not None
    return int(user.stdout.readline())


def end(user: type_of_user) -> None:
    user.communicate(timeout=90)


def client_of(server: EmbeddedServer) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    leave_server(tmp_path)


def test_ten_racing_starters_get_one_server(data_dir: Path) -> None:
    """Ten processes that start at once all use one and the same server; the last one stops it."""
    users = [start_user(data_dir) for _ in range(10)]
    pids = {server_pid_of(user) for user in users}
    for user in users:
        end(user)

    assert 1 == len(pids)
    assert not is_locked(Layout.of(data_dir).server_lock)


def test_the_data_survives_a_killed_server(data_dir: Path) -> None:
    """After kill -9 of the server the next starter takes over, and what was stored is there."""
    with start_server(data_dir) as first, client_of(first) as client:
        client.set("kept", "yes")
        pid = first.process_id()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not is_locked(first.layout.server_lock))
        with start_server(data_dir) as second, client_of(second) as again:
            assert "yes" == again.get("kept")
            assert pid != second.process_id()


def test_a_killed_server_is_revived(data_dir: Path) -> None:
    """A user can have a killed server started again at the same address, and only then."""
    with start_server(data_dir) as server, client_of(server) as client:
        client.set("kept", "yes")
        assert not server.revive()
        os.kill(server.process_id() or 0, signal.SIGKILL)
        eventually(lambda: not is_locked(server.layout.server_lock))

        assert server.revive()
        with client_of(server) as again:
            assert "yes" == again.get("kept")


def test_a_killed_user_leaves_the_server_to_the_next(data_dir: Path) -> None:
    """A user killed with -9 leaves the server running; the next user shares it and stops it."""
    user = start_user(data_dir)
    pid = server_pid_of(user)
    user.kill()
    end(user)

    with start_server(data_dir) as server:
        assert pid == server.process_id()
    assert not is_locked(server.layout.server_lock)


def test_only_the_last_user_stops_the_server(data_dir: Path) -> None:
    """A user who leaves while another stays does not stop the server."""
    other = start_user(data_dir)
    pid = server_pid_of(other)
    start_server(data_dir).leave()

    with start_server(data_dir) as server:
        assert pid == server.process_id()
        end(other)
        assert server.answers()
    assert not is_locked(server.layout.server_lock)


def test_the_starter_may_leave_first(data_dir: Path) -> None:
    """The server outlives the process that started it while another process uses it."""
    starter = start_user(data_dir)
    server_pid_of(starter)
    with start_server(data_dir) as server:
        end(starter)

        assert server.answers()


def test_a_share_inherited_by_a_child_counts(data_dir: Path) -> None:
    """A child that inherits the share keeps the server running after its parent has left."""
    server = start_server(data_dir)
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"],
        stdin=subprocess.PIPE,
        pass_fds=(server.users_lock_fd,),
    )
    server.leave()

    assert server.answers()
    child.communicate(timeout=90)
    leave_server(data_dir)
    assert not is_locked(server.layout.server_lock)


def test_the_server_is_private_to_the_user(tmp_path: Path) -> None:
    """Nobody else can enter the server's directory or connect to its socket."""
    with start_server(tmp_path / "new" / "data") as server:
        places = (tmp_path / "new" / "data", server.layout.directory, server.layout.socket)

        assert [0o700] * 3 == [stat.S_IMODE(place.stat().st_mode) for place in places]


def test_a_directory_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    """A data directory that somebody made is not closed to others, only what we make in it."""
    tmp_path.chmod(0o755)
    with start_server(tmp_path) as server:
        assert 0o755 == stat.S_IMODE(tmp_path.stat().st_mode)
        assert 0o700 == stat.S_IMODE(server.layout.directory.stat().st_mode)


@pytest.mark.parametrize("durability", ["everysec", "always"])
def test_the_settings_that_promises_rest_on(data_dir: Path, durability: str) -> None:
    """Every change is appended in plain commands, and nothing is ever evicted."""
    expected = {
        "appendonly": "yes",
        "appendfsync": durability,
        "aof-use-rdb-preamble": "no",
        "save": "",
        "maxmemory-policy": "noeviction",
        "hash-max-listpack-value": "1024",
        "port": "0",
    }
    with start_server(data_dir, durability=durability) as server, client_of(server) as client:
        assert expected == {name: client.config_get(name)[name] for name in expected}


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    """Where the path is too long for a socket all users still meet, at a short private place."""
    data_dir = tmp_path / ("a" * 60) / ("b" * 60)
    user = start_user(data_dir)
    pid = server_pid_of(user)
    with start_server(data_dir) as server:
        socket = server.layout.socket

        assert pid == server.process_id()
        assert len(os.fsencode(socket)) <= SOCKET_PATH_LIMIT
        assert 0o700 == stat.S_IMODE(socket.parent.stat().st_mode)
    end(user)
    assert not is_locked(server.layout.server_lock)


@pytest.mark.parametrize("name", ["with space", "per%cent", "näme#?"])
def test_any_directory_name_makes_a_good_url(tmp_path: Path, name: str) -> None:
    """The address works in a client whatever the directory is called."""
    with start_server(tmp_path / name) as server, client_of(server) as client:
        assert client.ping()


@pytest.mark.parametrize("environ", [{"DYNO": "web.1"}, {"QUEUEAPP_ENV": "production"}])
def test_refused_where_disks_do_not_last(tmp_path: Path, environ: dict[str, str]) -> None:
    """On a dyno and in production nothing is started and the message says what to set."""
    with pytest.raises(EmbeddedServerError, match="Set REDIS_URL"):
        start_server(tmp_path / "data", environ={**os.environ, **environ})

    assert not (tmp_path / "data").exists()


def test_an_unknown_durability_is_refused(tmp_path: Path) -> None:
    """A misspelt durability starts nothing."""
    with pytest.raises(EmbeddedServerError, match="everysec, always"):
        start_server(tmp_path / "data", durability="allways")

    assert not (tmp_path / "data").exists()


def test_unreadable_data_names_both_engines(data_dir: Path) -> None:
    """A server that cannot read the data says who wrote it, who failed, and why."""
    with start_server(data_dir) as server, client_of(server) as client:
        client.set("a", "b")
    layout = server.layout
    layout.state.write_text('{"engine": "Redis 99.9"}')
    for part in (layout.directory / "appendonlydir").glob("*.incr.aof"):
        part.write_bytes(b"rubbish\r\n" * 20)

    with pytest.raises(EmbeddedServerError, match=r"(?s)Valkey .*last written by Redis 99\.9"):
        start_server(data_dir)
    assert not is_locked(layout.server_lock)


@pytest.mark.parametrize("how", ["plain", "fork"])
def test_a_share_ends_with_its_process(data_dir: Path, how: str) -> None:
    """A process that ends without a word gives up its share, a child of multiprocessing too."""
    code = f"""
import multiprocessing, sys
from pathlib import Path
from queueapp.embedded import start_server
def use(): start_server(Path(sys.argv[1]))
if __name__ == "__main__":
    child = multiprocessing.get_context("fork").Process(target=use) if {how == "fork"} else None
    if child: child.start(); child.join()
    else: use()
"""
    subprocess.run([sys.executable, "-c", code, str(data_dir)], check=True, timeout=200)

    assert not is_locked(Layout.of(data_dir).server_lock)


def test_a_forked_copy_does_not_leave(data_dir: Path) -> None:
    """A copy of the process that holds a share cannot give it up."""
    with start_server(data_dir) as server:
        server._owner += 1
        server.leave()
        server._owner -= 1

        assert server.answers()


def test_an_ephemeral_server_leaves_nothing() -> None:
    """A server for tests keeps nothing on disk and is gone after its `with`."""
    with ephemeral_server() as server, client_of(server) as client:
        directory = server.layout.directory
        assert client.set("a", "b")
        assert {"appendonly": "no"} == client.config_get("appendonly")

    assert not directory.exists()
