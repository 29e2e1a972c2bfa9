"""The sessions of pinned hosts between jobs: one login for many jobs, and never a doubtful one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from queueapp.runner.keeper import Keeper
from queueapp.runner.packets import connect, send
from queueapp.runner.task import Keeping
from tests.fake_device import ENABLE, PASSWORD, FakeDevice
from tests.integration.devices.device_jobs import events_of
from tests.waiting import eventually

MODULE = "actors.device.kept"
OPEN = ("host", "port", "device_type", "username")


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """A node's keeper with room for two, for all tests of the file."""
    address = tmp_path_factory.mktemp("keepers") / "k.sock"
    worker = Keeper(MODULE, address, capacity=2, idle_s=60)
    yield worker
    worker.close()


@pytest.fixture
def device() -> Iterator[FakeDevice]:
    """A device that nobody has talked with."""
    with FakeDevice() as standing:
        yield standing


def here(device: FakeDevice) -> str:
    """Return what the device is called on the node."""
    return f"t|p|{device.port}"


class Jobs:
    """Runs pinned jobs as their processes do."""

    def __init__(self, keeper: Keeper, folder: Path) -> None:
        self.keeper = keeper
        self.folder = folder

    @property
    def held(self) -> frozenset[str]:
        """What the keeper says that it has."""
        return self.keeper.held() or frozenset()

    def run(self, device: FakeDevice, *lines: str, **changes: Any) -> dict[str, Any]:
        """Run a job to its end and return that."""
        secrets = changes.pop("secrets", {})
        place = changes.pop("place", here(device))
        address = changes.pop("keeping", None) or self.keeper.address()
        known = {name: device.connection[name] for name in OPEN}
        work = {"lines": list(lines), **known, **changes}
        keeping = Keeping(str(address), place)
        return events_of(self.folder, work, secrets, keeping=keeping)[-1]


@pytest.fixture
def jobs(keeper: Keeper, tmp_path: Path) -> Jobs:
    """Jobs on the node of the keeper."""
    return Jobs(keeper, tmp_path)


def test_many_jobs_log_in_once(jobs: Jobs, device: FakeDevice) -> None:
    """And the workers know that the host is held."""
    ends = [jobs.run(device, "show version")["how"] for _ in range(3)]

    assert (["completed"] * 3, 1) == (ends, device.logins)
    eventually(lambda: here(device) in jobs.held)


def test_other_credentials_are_another_session(jobs: Jobs, device: FakeDevice) -> None:
    """Also another project's, though they be the same: nobody gets at a session with less."""
    jobs.run(device, "show version")
    jobs.run(device, "show version", secrets={"secret": ENABLE})
    assert 2 == device.logins
    jobs.run(device, "show version", place="t|other|h")
    assert 3 == device.logins
    wrong = jobs.run(device, "show version", secrets={"password": "wrong-password"})

    assert ("AuthenticationFailed", 3) == (wrong["exception"], device.logins)


def test_at_capacity_the_idle_session_makes_room(jobs: Jobs, device: FakeDevice) -> None:
    """The one that was used longest ago is closed."""
    for place in ("t|p|1", "t|p|2", "t|p|1", "t|p|3"):
        jobs.run(device, "show version", place=place)
    eventually(lambda: device.sessions == 2)
    eventually(lambda: {"t|p|1", "t|p|3"} == jobs.held)
    jobs.run(device, "show version", place="t|p|1")

    assert 3 == device.logins


def test_a_session_that_the_device_ended_is_replaced(jobs: Jobs, device: FakeDevice) -> None:
    """The next job logs in again and notices nothing."""
    jobs.run(device, "show version")
    device.hang_up()

    assert "completed" == jobs.run(device, "show version")["how"]
    assert 2 == device.logins


def test_a_session_amid_something_is_not_used_again(jobs: Jobs, device: FakeDevice) -> None:
    """Whoever left it in its configuration; nor one of a job that failed."""
    config = {"mode": "config", "driver_args": {"exit_config_mode": False}}
    jobs.run(device, "interface eth0", secrets={"secret": ENABLE}, **config)
    jobs.run(device, "show version", secrets={"secret": ENABLE})
    assert 2 == device.logins
    jobs.run(device, "configure terminal", driver_args={"expect_string": "config"})
    jobs.run(device, "show version")
    assert 4 == device.logins
    slow = jobs.run(device, "show slow", driver_args={"read_timeout": 0.1})
    assert "DeviceTimeout" == slow["exception"]
    jobs.run(device, "show version")

    assert 5 == device.logins


def test_what_a_killed_job_used_is_ended(jobs: Jobs, device: FakeDevice) -> None:
    """Its process says no good word: the session goes at once, amid its command."""
    device.slow_s = 60
    known = {name: device.connection[name] for name in OPEN}
    job = connect(Path(str(jobs.keeper.address())))
    send(job, {"place": here(device), "known": known, "secrets": {"password": PASSWORD}})
    send(job, {"do": "command", "line": "show slow", "options": {}})
    eventually(lambda: device.running == 1)
    job.close()
    eventually(lambda: here(device) not in jobs.held)

    assert "completed" == jobs.run(device, "show version")["how"]
    assert 2 == device.logins


def test_a_keeper_ends_with_the_last_of_its_workers(tmp_path: Path, device: FakeDevice) -> None:
    """Whoever started it; until then it serves them all, and what is kept goes with it."""
    address = tmp_path / "k.sock"
    first, second = (Keeper(MODULE, address, capacity=2, idle_s=60) for _ in range(2))
    try:
        Jobs(first, tmp_path).run(device, "show version")
        Jobs(second, tmp_path).run(device, "show version")
        assert 1 == device.logins
        eventually(lambda: {here(device)} == Jobs(second, tmp_path).held)
        first.close()
        assert "completed" == Jobs(second, tmp_path).run(device, "show version")["how"]
        assert 1 == device.logins
    finally:
        first.close()
        second.close()
    eventually(lambda: not device.sessions and not _listens(address))


def test_an_idle_session_comes_to_an_end(tmp_path: Path, device: FakeDevice) -> None:
    """After its time, and the keeper then says that the host is free."""
    keeper = Keeper(MODULE, tmp_path / "k.sock", capacity=2, idle_s=0.3)
    try:
        jobs = Jobs(keeper, tmp_path)
        jobs.run(device, "show version")
        eventually(lambda: not jobs.held and not device.sessions)
        jobs.run(device, "show version")

        assert 2 == device.logins
    finally:
        keeper.close()


def _listens(address: Path) -> bool:
    try:
        connect(address).close()
    except OSError:
        return False
    return True


def test_a_keeper_that_is_gone_costs_no_job_anything(tmp_path: Path, device: FakeDevice) -> None:
    """Each then opens its own session; what speaks nonsense to a keeper is hung up on."""
    jobs = Jobs(Keeper(MODULE, tmp_path / "k.sock", capacity=1, idle_s=60), tmp_path)
    try:
        for nonsense in (b".[]", b"+{", b"x"):
            caller = connect(Path(str(jobs.keeper.address())))
            caller.send(nonsense)
            assert b"" == caller.recv(10)
            caller.close()
        device.slow_s = 60
        with ThreadPoolExecutor(1) as beside:
            slow = beside.submit(jobs.run, device, "show slow")
            try:
                eventually(lambda: device.running == 1)
                assert "completed" == jobs.run(device, "show version", place="t|p|full")["how"]
            finally:
                device.go_on.set()
        assert "completed" == slow.result()["how"]
        assert 2 == device.logins
        eventually(lambda: {here(device)} == jobs.held)
    finally:
        jobs.keeper.close()
    eventually(lambda: not _listens(tmp_path / "k.sock"))
    assert "completed" == jobs.run(device, "show version", keeping=tmp_path / "k.sock")["how"]
    assert 3 == device.logins
