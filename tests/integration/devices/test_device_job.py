"""The DeviceCommand job against a real SSH server: what it sends, what it brings, how it fails."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.device.failures import hiding
from actors.device_command import device_command_type
from queueapp.context import JobContext
from queueapp.runner.task import Assignment
from tests.fake_device import ENABLE, PASSWORD, FakeDevice
from tests.integration.devices.device_jobs import end_and_outputs, events_of

OPEN = ("host", "port", "device_type", "username")


@pytest.fixture(scope="module")
def device() -> Iterator[FakeDevice]:
    """A device that all tests of the file talk to."""
    with FakeDevice() as standing:
        yield standing


def run(
    device: FakeDevice, folder: Path, work: dict[str, Any], **secrets: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the job as its process does; return its end and its summary."""
    known = {name: device.connection[name] for name in OPEN}
    return end_and_outputs(events_of(folder, {**known, **work}, secrets))


def test_commands_bring_their_outputs(device: FakeDevice, tmp_path: Path) -> None:
    """By what was sent; twice the same is numbered."""
    end, outputs = run(device, tmp_path, {"lines": ["show version", "show version"]})

    assert "completed" == end["how"], end
    assert ["show version", "show version (2)"] == list(outputs)
    assert outputs["show version"].startswith("Cisco IOS Software")


def test_configuration_is_sent_in_config_mode(device: FakeDevice, tmp_path: Path) -> None:
    """Whatever the prompt becomes; it needs the enable secret here."""
    del device.lines[:]
    lines = ["interface eth0", "description up"]
    end, outputs = run(device, tmp_path, {"mode": "config", "lines": lines}, secret=ENABLE)

    assert "completed" == end["how"], end
    assert ["interface eth0\ndescription up"] == list(outputs)
    sent = [line for line in device.lines if not line.startswith("terminal")]
    assert ["configure terminal", *lines, "end"] == sent[sent.index("configure terminal") :][:4]


def test_a_template_makes_the_lines(device: FakeDevice, tmp_path: Path) -> None:
    """From its context, in a sandbox."""
    template = "{% for one in names %}show {{ one }}\n{% endfor %}"
    rendering = {"template": template, "context": {"names": ["version", "interfaces"]}}
    end, outputs = run(device, tmp_path, {"rendering": rendering})

    assert "completed" == end["how"], end
    assert ["show version", "show interfaces"] == list(outputs)


@pytest.mark.parametrize(
    "template",
    ["{{ ''.__class__.__mro__ }}", "{{ missing }}", "{% for %}", "{{ 1 // 0 }}", "   "],
)
def test_a_template_that_cannot_be_used_sends_nothing(
    device: FakeDevice, tmp_path: Path, template: str
) -> None:
    """It is the caller's mistake."""
    logins = device.logins
    end, _ = run(device, tmp_path, {"rendering": {"template": template, "context": {}}})

    assert ("bad_input", logins) == (end["code"], device.logins)


def test_output_becomes_records(device: FakeDevice, tmp_path: Path) -> None:
    """By a TextFSM template."""
    template = (
        "Value NAME (eth\\d+)\nValue STATUS (up|down)\n\nStart\n  ^${NAME} ${STATUS} -> Record"
    )
    parsing = {"name": "textfsm", "template": template}
    end, outputs = run(device, tmp_path, {"lines": ["show interfaces"], "parsing": parsing})

    assert "completed" == end["how"], end
    rows = [{"NAME": "eth0", "STATUS": "up"}, {"NAME": "eth1", "STATUS": "down"}]
    assert {"show interfaces": rows} == outputs


def test_a_long_output_is_kept_as_a_file(device: FakeDevice, tmp_path: Path) -> None:
    """The answer has its beginning."""
    end, outputs = run(device, tmp_path, {"lines": ["show long"], "driver_args": {}})

    assert "completed" == end["how"], end
    assert len(outputs["show long"]) < 200_000
    (whole,) = json.loads((tmp_path / "outputs/output.json").read_text()).values()
    assert 300_000 <= len(whole)


def test_a_secret_that_the_device_shows_is_hidden(device: FakeDevice, tmp_path: Path) -> None:
    """Also the device's own echo must not tell it."""
    _, outputs = run(device, tmp_path, {"lines": ["show secret\nshow version"]})

    assert "the password is ********" == outputs["show secret"]
    assert "show version" in outputs  # a text of several lines is several commands
    assert [{"a": "x ********"}] == hiding({"password": PASSWORD})([{"a": f"x {PASSWORD}"}])


def test_a_test_brings_the_prompt(device: FakeDevice, tmp_path: Path) -> None:
    """And sends nothing that matters."""
    end, outputs = run(device, tmp_path, {"mode": "test"})

    assert ("completed", {"prompt": "router>"}) == (end["how"], outputs)


@pytest.mark.parametrize(
    ("work", "secrets", "exception"),
    [
        ({"lines": ["show version"]}, {"password": "wrong-password"}, "AuthenticationFailed"),
        ({"lines": ["show version"], "port": 1}, {}, "ConnectionFailed"),
        ({"lines": ["drop"], "driver_args": {"read_timeout": 0.5}}, {}, "ConnectionLost"),
        ({"lines": ["show slow"], "driver_args": {"read_timeout": 0.1}}, {}, "DeviceTimeout"),
        ({"lines": ["show version"]}, {"secret": "not-the-secret"}, "ConnectionFailed"),
        (
            {"mode": "config", "lines": ["bad"], "driver_args": {"error_pattern": "Invalid"}},
            {"secret": ENABLE},
            "ConfigRefused",
        ),
        ({"lines": ["show version"], "device_type": "toaster"}, {}, "BadInput"),
        ({"lines": ["show version"]}, {"pkey": "no key"}, "BadInput"),
    ],
)
def test_failures_have_names(
    device: FakeDevice,
    tmp_path: Path,
    work: dict[str, Any],
    secrets: dict[str, str],
    exception: str,
) -> None:
    """And one line of words, without the secrets."""
    end, _ = run(device, tmp_path, work, **secrets)
    device.hang_up()  # a job's process would have ended, and its connection with it

    assert ("failed", exception) == (end["how"], end.get("exception", end))
    assert "\n" not in end["message"]
    for secret in secrets.values():
        assert secret not in end["message"] + end.get("traceback", "")


def test_a_job_that_has_not_sent_anything_has_not_begun(tmp_path: Path) -> None:
    """So that it may be given back: no progress is told before."""
    known = {"host": "127.0.0.1", "port": 1, "device_type": "cisco_ios", "username": "x"}
    assignment = Assignment("j", "DeviceCommand", 1, "test", {}, tmp_path, 0)
    events: list[dict[str, Any]] = []
    parameters = {"mode": "command", "lines": ["x"], "driver_args": {}, **known}
    job = JobContext(assignment, events.append, parameters=parameters)
    with pytest.raises(Exception, match="TCP connection"):
        device_command_type(job)
    job.flush()

    assert [] == [event for event in events if event["event"] == "progress"]
