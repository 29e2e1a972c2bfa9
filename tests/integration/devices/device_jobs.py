"""Runs device jobs as their processes do, and tells what came of them."""

from pathlib import Path
from typing import Any

from actors.device_command import device_command_type
from queueapp.runner.child import run_assignment
from queueapp.runner.task import Assignment, Keeping
from tests.fake_device import PASSWORD

Event = dict[str, Any]


def events_of(
    folder: Path,
    parameters: dict[str, Any],
    secrets: dict[str, Any],
    *,
    keeping: Keeping | None = None,
) -> list[Event]:
    """Run a job to its end and return all that it told; its password is the device's."""
    assignment = Assignment(
        id="j",
        type=device_command_type.name,
        attempt=1,
        name="test",
        parameters={"mode": "command", **parameters},
        directory=folder,
        now_ms=0,
        secrets={"password": PASSWORD, **secrets},
        keeping=keeping,
    )
    events: list[Event] = []
    run_assignment(assignment, events.append, begin=lambda _: None)
    return events


def end_and_outputs(events: list[Event]) -> tuple[Event, dict[str, Any]]:
    """Return how a job ended and what it brought; the password is in nothing that it told."""
    assert PASSWORD not in str(events)
    outputs: dict[str, Any] = {}
    for event in events:
        outputs |= event["values"] if event["event"] == "summary" else {}
    return events[-1], outputs
