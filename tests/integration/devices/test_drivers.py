"""Device jobs by the drivers that need no prompt: plain SSH, and a switch's eAPI."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fake_device import ENABLE, USER, FakeDevice
from tests.fake_switch import FakeSwitch, certificate
from tests.integration.devices.device_jobs import end_and_outputs, events_of

WRONG = {"password": "wrong-password"}
PLAIN = {"transport": "http"}


@pytest.fixture(scope="module")
def device() -> Iterator[FakeDevice]:
    """A host that runs commands."""
    with FakeDevice() as standing:
        yield standing


@pytest.fixture
def switch() -> Iterator[FakeSwitch]:
    """A switch without TLS."""
    with FakeSwitch() as standing:
        yield standing


def run(
    driver: str, port: int, folder: Path, work: dict[str, Any], **secrets: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run a job as its process does; return its end and its summary."""
    known = {"host": "127.0.0.1", "port": port, "username": USER, "driver": driver}
    return end_and_outputs(events_of(folder, {**known, **work}, secrets))


def test_each_command_tells_how_it_ended(device: FakeDevice, tmp_path: Path) -> None:
    """What it wrote, on both streams, and its exit status; a secret in it is hidden."""
    end, outputs = run("paramiko", device.port, tmp_path, {"lines": ["uptime", "nothing"]})

    assert "completed" == end["how"], end
    up, nothing = outputs["uptime"], outputs["nothing"]
    assert ("up 3 days, ********\n", "", 0) == (up["stdout"], up["stderr"], up["exit_status"])
    assert ("", "nothing: not found\n", 127) == tuple(nothing.values())


def test_what_a_command_wrote_can_be_parsed(device: FakeDevice, tmp_path: Path) -> None:
    """By a template; megabytes come through."""
    template = "Value DAYS (\\d+)\n\nStart\n  ^up ${DAYS} days -> Record"
    parsing = {"name": "textfsm", "template": template}
    _, outputs = run("paramiko", device.port, tmp_path, {"lines": ["uptime"], "parsing": parsing})
    assert {"uptime": [{"DAYS": "3"}]} == outputs
    end, _ = run("paramiko", device.port, tmp_path, {"lines": ["long"]})
    assert "completed" == end["how"]
    whole = json.loads((tmp_path / "outputs/output.json").read_text())
    assert 3_000_000 == len(whole["long"]["stdout"])


@pytest.mark.parametrize(
    ("work", "secrets", "exception"),
    [
        ({"lines": ["uptime"]}, WRONG, "AuthenticationFailed"),
        ({"lines": ["uptime"], "port": 1}, {}, "ConnectionFailed"),
        ({"lines": ["uptime"]}, {"pkey": "no key"}, "BadInput"),
        ({"lines": ["drop"]}, {}, "ConnectionLost"),
        ({"lines": ["sleep"], "driver_args": {"read_timeout": 0.2}}, {}, "DeviceTimeout"),
        ({"lines": ["x"], "mode": "config"}, {}, "BadInput"),
    ],
)
def test_failures_of_plain_ssh_have_names(
    device: FakeDevice, tmp_path: Path, work: Any, secrets: Any, exception: str
) -> None:
    """The same as with a prompt."""
    end, _ = run("paramiko", device.port, tmp_path, work, **secrets)

    assert ("failed", exception) == (end["how"], end.get("exception", end))


def test_a_switch_answers_with_records(switch: FakeSwitch, tmp_path: Path) -> None:
    """Or with text, where it has no records; as text too where it is to be parsed."""
    lines = ["show version", "show clock"]
    end, outputs = run("pyeapi", switch.port, tmp_path, {"lines": lines}, **PLAIN)
    assert "completed" == end["how"], end
    assert {"modelName": "vEOS", "note": "set by ********"} == outputs["show version"]
    assert outputs["show clock"].startswith("Mon Feb")
    parsing = {"name": "textfsm", "template": "Value DAY (\\w+)\n\nStart\n  ^${DAY} -> Record"}
    work = {"lines": ["show clock"], "parsing": parsing}
    _, outputs = run("pyeapi", switch.port, tmp_path, work, **PLAIN)
    assert {"show clock": [{"DAY": "Mon"}]} == outputs


def test_a_switch_is_configured_as_a_privileged_user(switch: FakeSwitch, tmp_path: Path) -> None:
    """With the enable secret where there is one."""
    work = {"mode": "config", "lines": ["interface Et1", "shutdown"]}
    end, outputs = run("pyeapi", switch.port, tmp_path, work, secret=ENABLE, **PLAIN)

    assert "completed" == end["how"], end
    assert {"interface Et1\nshutdown": [{}, {}]} == outputs
    enable = {"cmd": "enable", "input": ENABLE}
    asked = [enable, "configure", "interface Et1", "shutdown", "end"]
    assert asked == switch.asked[-5:]


def test_a_switch_is_reached_over_tls(tmp_path: Path) -> None:
    """Whoever signed its certificate."""
    with FakeSwitch(certificate(tmp_path)) as switch:
        end, outputs = run("pyeapi", switch.port, tmp_path, {"mode": "test"})

    assert ("completed", {"prompt": None}) == (end["how"], outputs)


@pytest.mark.parametrize(
    ("work", "secrets", "exception"),
    [
        ({"lines": ["show version"]}, WRONG, "AuthenticationFailed"),
        ({"lines": ["show version"], "port": 1}, {}, "ConnectionFailed"),
        ({"lines": ["bad"]}, {}, "CommandRefused"),
        ({"lines": ["show version"]}, {"secret": "wrong-enable"}, "CommandRefused"),
        ({"lines": ["bad line"], "mode": "config"}, {}, "ConfigRefused"),
        ({"lines": ["reload"], "driver_args": {"read_timeout": 0.2}}, {}, "DeviceTimeout"),
    ],
)
def test_failures_of_eapi_have_names(
    switch: FakeSwitch, tmp_path: Path, work: Any, secrets: Any, exception: str
) -> None:
    """What the switch refuses has its words, without the secrets."""
    end, _ = run("pyeapi", switch.port, tmp_path, work, **PLAIN, **secrets)

    assert ("failed", exception) == (end["how"], end.get("exception", end))


def test_what_is_no_switch_is_told_so(device: FakeDevice, tmp_path: Path) -> None:
    """An SSH server speaks another language."""
    end, _ = run("pyeapi", device.port, tmp_path, {"mode": "test"}, **PLAIN)

    assert ("failed", "ConnectionLost") == (end["how"], end["exception"])
