"""Turns the bodies of device calls into orders. Pure: bodies in, orders out."""

from typing import Any

from queueapp.api.schemas.enums import DeviceDriver, QueueStrategy
from queueapp.domain.errors import ValidationFailed
from queueapp.engine.devices import DeviceOrder

Body = dict[str, Any]
_SSH = {"username", "password", "pkey", "passphrase", "port", "host", "keepalive"}
_SSH |= {"conn_timeout", "auth_timeout", "banner_timeout"}
# What a driver takes of a connection, beside what netmiko takes; and of that for each mode.
TAKES = {
    DeviceDriver.PARAMIKO: _SSH,
    DeviceDriver.PYEAPI: {
        "host",
        "port",
        "username",
        "password",
        "secret",
        "transport",
        "conn_timeout",
    },
}
_NETMIKO = {"read_timeout", "strip_prompt", "strip_command", "cmd_verify"}
_CONFIG = {"enter_config_mode", "exit_config_mode", "error_pattern"}
SENDING = {
    (DeviceDriver.NETMIKO, "command"): {*_NETMIKO, "expect_string"},
    (DeviceDriver.NETMIKO, "config"): {*_NETMIKO, *_CONFIG},
}
MODES = ("command", "config")
TEST_QUEUE_S, TEST_RUN_S, TEST_KEPT_S = 15, 20, 3_600


def order_of(body: Body, connection: Body) -> DeviceOrder:
    """Return what a body asks of the device behind a connection. Raises: ValidationFailed."""
    given = {name: body.get(name) for name in MODES if body.get(name) is not None}
    if len(given) != 1:
        raise _invalid("/command", "Give exactly one of command and config.")
    mode, sent = next(iter(given.items()))
    driver = body["driver"]
    if (driver, mode) == (DeviceDriver.PARAMIKO, "config"):
        raise _invalid("/config", "The driver paramiko knows no configuration: send commands.")
    return DeviceOrder(
        connection=_connection(driver, connection),
        work={
            "driver": str(driver),
            "mode": mode,
            **_lines(mode, sent, body["rendering"]),
            **_parsing(driver, mode, body["parsing"]),
            "driver_args": _sending(driver, mode, body["driver_args"] or {}),
        },
        pinned=_strategy(body) is QueueStrategy.PINNED,
        queue_ttl_s=body["ttl"],
        keep_s=body["result_ttl"],
        run_limit_s=body["execution_timeout"],
    )


def test_order(driver: DeviceDriver, connection: Body) -> DeviceOrder:
    """Return the order to try a connection; it waits for no other job of the device."""
    return DeviceOrder(
        connection=_connection(driver, connection),
        work={"driver": str(driver), "mode": "test"},
        pinned=False,
        queue_ttl_s=TEST_QUEUE_S,
        keep_s=TEST_KEPT_S,
        run_limit_s=TEST_RUN_S,
    )


def _strategy(body: Body) -> QueueStrategy:
    usual = QueueStrategy.PINNED if body["driver"] is DeviceDriver.NETMIKO else QueueStrategy.FIFO
    return QueueStrategy(body["queue_strategy"] or usual)


def _connection(driver: DeviceDriver, given: Body) -> Body:
    found = {n: v for n, v in given.items() if v is not None and n not in MODES}
    takes = TAKES.get(driver, found.keys() - {"transport"})
    for name in sorted(found.keys() - takes):
        raise _invalid(f"/connection_args/{name}", f"It means nothing for {driver}.")
    for name in ("host", "device_type") if driver is DeviceDriver.NETMIKO else ("host",):
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


def _parsing(driver: DeviceDriver, mode: str, parsing: Body | None) -> Body:
    if parsing is None:
        return {}
    if driver is not DeviceDriver.NETMIKO and parsing.get("template") is None:
        raise _invalid("/parsing/template", f"{driver} has no templates of its own.")
    if mode != "command":
        raise _invalid("/parsing", "Only the output of commands can be parsed.")
    return {"parsing": {name: value for name, value in parsing.items() if value is not None}}


def _sending(driver: DeviceDriver, mode: str, given: Body) -> Body:
    known = {name: value for name, value in given.items() if value is not None}
    odd = sorted(known.keys() - SENDING.get((driver, mode), {"read_timeout"}))
    if odd:
        raise _invalid(f"/driver_args/{odd[0]}", f"It means nothing for a {mode} by {driver}.")
    return known


def _invalid(field: str, message: str) -> ValidationFailed:
    return ValidationFailed(f"{field.lstrip('/')}: {message}", errors=[(field, message)])
