"""Turns the bodies of device calls into orders. Pure: bodies in, orders out."""

from typing import Any

from queueapp.api.schemas.enums import QueueStrategy
from queueapp.domain.errors import ValidationFailed
from queueapp.engine.devices import DeviceOrder

Body = dict[str, Any]
# What the driver takes for commands, and for configuration.
SENDING = {
    "command": frozenset(
        {"read_timeout", "expect_string", "strip_prompt", "strip_command", "cmd_verify"}
    ),
    "config": frozenset(
        {
            "read_timeout",
            "strip_prompt",
            "strip_command",
            "cmd_verify",
            "enter_config_mode",
            "exit_config_mode",
            "error_pattern",
        }
    ),
}
NOT_CONNECTION = ("command", "config")
TEST_QUEUE_S, TEST_RUN_S, TEST_KEPT_S = 15, 20, 3_600


def order_of(body: Body, connection: Body) -> DeviceOrder:
    """Return what a body asks of the device behind a connection. Raises: ValidationFailed."""
    given = {name: body.get(name) for name in SENDING if body.get(name) is not None}
    if len(given) != 1:
        raise _invalid("/command", "Give exactly one of command and config.")
    mode, sent = next(iter(given.items()))
    strategy = body["queue_strategy"] or QueueStrategy.PINNED
    return DeviceOrder(
        connection=_connection(connection),
        work={
            "mode": mode,
            **_lines(mode, sent, body["rendering"]),
            **_parsing(mode, body["parsing"]),
            "driver_args": _sending(mode, body["driver_args"] or {}),
        },
        pinned=strategy is QueueStrategy.PINNED,
        queue_ttl_s=body["ttl"],
        keep_s=body["result_ttl"],
        run_limit_s=body["execution_timeout"],
    )


def test_order(connection: Body) -> DeviceOrder:
    """Return the order to try a connection; it waits for no other job of the device."""
    return DeviceOrder(
        connection=_connection(connection),
        work={"mode": "test"},
        pinned=False,
        queue_ttl_s=TEST_QUEUE_S,
        keep_s=TEST_KEPT_S,
        run_limit_s=TEST_RUN_S,
    )


def _connection(given: Body) -> Body:
    found = {n: v for n, v in given.items() if v is not None and n not in NOT_CONNECTION}
    for name in ("host", "device_type"):
        if name not in found:
            raise _invalid(f"/connection_args/{name}", "Missing data for required field.")
    return found


def _lines(mode: str, sent: Any, rendering: Body | None) -> Body:
    if rendering is None:
        if isinstance(sent, dict):
            raise _invalid(f"/{mode}", "An object needs rendering.")
        return {"lines": [sent] if isinstance(sent, str) else sent}
    template = rendering.get("template")
    known = {"context": rendering["context"] or {}}
    if isinstance(sent, dict):
        if template is None:
            raise _invalid("/rendering/template", "An object needs a template.")
        context = {**known["context"], **sent}
        return {"lines": [], "rendering": {"template": template, "context": context}}
    if template is not None:
        raise _invalid(f"/{mode}", "With a template it must be an object, which may be empty.")
    return {"lines": [sent] if isinstance(sent, str) else sent, "rendering": known}


def _parsing(mode: str, parsing: Body | None) -> Body:
    if parsing is None:
        return {}
    if mode != "command":
        raise _invalid("/parsing", "Only the output of commands can be parsed.")
    return {"parsing": {name: value for name, value in parsing.items() if value is not None}}


def _sending(mode: str, given: Body) -> Body:
    known = {name: value for name, value in given.items() if value is not None}
    odd = sorted(known.keys() - SENDING[mode])
    if odd:
        raise _invalid(f"/driver_args/{odd[0]}", f"It means nothing for a {mode}.")
    return known


def _invalid(field: str, message: str) -> ValidationFailed:
    return ValidationFailed(f"{field.lstrip('/')}: {message}", errors=[(field, message)])
