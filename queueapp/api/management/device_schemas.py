"""What is asked of devices: the bodies of the device calls, and their answers."""

import re
from typing import Any

import marshmallow
from marshmallow import fields, validate

from queueapp.api.management.schemas import Envelope, ManagedError, ManagedJob, _Snake
from queueapp.api.schemas import RequestSchema
from queueapp.api.schemas.enums import (
    DeviceDriver,
    EapiTransport,
    QueueStrategy,
    RenderingEngine,
)
from queueapp.api.schemas.fields import Choice, Flag, Note, Number, Opaque, Real, Text, Whole

LINES_MAX = 1_000
LINE_MAX = 10_000
TEXT_MAX = 65_536
DEVICES_MAX = 1_000
DAY_S = 86_400
Body = dict[str, Any]


class _Asked(RequestSchema):
    """Fields are spelled here as in Python."""

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        """Keep the field's name."""
        field_obj.data_key = field_obj.data_key or field_name
        super().on_bind_field(field_name, field_obj)


def _about(text: str) -> dict[str, str]:
    return {"description": text}


def _text(what: str, *, longest: int = 255, **options: Any) -> Text:
    return Text(longest=longest, metadata=_about(what), **options)


def _seconds(what: str, *, high: float = 3_600) -> Number:
    return Number(low=0, above=True, high=high, metadata=_about(what))


class _Driver(Choice):
    """A driver; those that other programs know are refused by name."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) and value.lower() == "napalm":
            raise marshmallow.ValidationError(
                f"The driver napalm is not offered here; offered are: {', '.join(DeviceDriver)}."
            )
        return super()._deserialize(value, attr, data, **kwargs)


def _lines(value: Any) -> None:
    texts = [value] if isinstance(value, str) else value
    if isinstance(texts, dict):
        return
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise marshmallow.ValidationError(
            "It must be text, a list of texts, or an object for a template."
        )
    if not any(one.strip() for one in texts):
        raise marshmallow.ValidationError("It must not be blank.")
    if not 0 < len(texts) <= LINES_MAX or any(len(one) > LINE_MAX for one in texts):
        raise marshmallow.ValidationError(
            f"It must have 1 to {LINES_MAX} lines of up to {LINE_MAX} characters."
        )


def _pattern(text: str) -> None:
    try:
        re.compile(text)
    except re.error as error:
        raise marshmallow.ValidationError(f"It is no regular expression: {error}.") from error


def _sent(what: str) -> fields.Raw:
    return fields.Raw(load_default=None, validate=_lines, metadata=_about(what))


def _refused(why: str) -> fields.Raw:
    def refuse(_: Any) -> None:
        raise marshmallow.ValidationError(why)

    return fields.Raw(validate=refuse, metadata=_about(why))


class ConnectionArgs(_Asked):
    """How to reach a device and log in. All but host, device_type, port and username is sealed."""

    host = _text("Name or address of the device.", shortest=1, blank=False, printable=True)
    device_type = _text("netmiko's name for the kind of device.", longest=100, shortest=1)
    transport = Choice(EapiTransport, metadata=_about("pyeapi only; https unless given."))
    port = Whole(low=1, high=65_535, metadata=_about("Usually 22."))
    username = _text("Who logs in.")
    password = _text("Never shown again.", longest=4_096)
    secret = _text("The enable password; with it the session becomes privileged.", longest=4_096)
    pkey = _text("A private key in PEM or OpenSSH form.", longest=TEXT_MAX)
    passphrase = _text("Of the private key.", longest=4_096)
    conn_timeout = _seconds("For the TCP connection.")
    auth_timeout = _seconds("For logging in.")
    banner_timeout = _seconds("For the SSH banner.")
    blocking_timeout = _seconds("For a read of the channel.")
    session_timeout = _seconds("For a session that others use at the same time.")
    read_timeout_override = _seconds("For every answer of the device.", high=DAY_S)
    keepalive = Whole(low=0, high=3_600, metadata=_about("Seconds between signs of life; 0: none."))
    global_delay_factor = Number(low=0, above=True, high=100, metadata=_about("For slow devices."))
    fast_cli = Flag(metadata=_about("Wait less."))
    global_cmd_verify = Flag(metadata=_about("Whether to wait for the echo of what is sent."))
    encoding = _text("Of the device's texts.", longest=40)


class DriverArgs(_Asked):
    """How lines are sent; those of the other mode are refused."""

    read_timeout = _seconds("For one answer.", high=DAY_S)
    expect_string = _text(
        "A pattern that ends an answer; commands only.", longest=1_000, rule=_pattern
    )
    strip_prompt = Flag(metadata=_about("Take the prompt out of the answer."))
    strip_command = Flag(metadata=_about("Take the echo out of the answer."))
    cmd_verify = Flag(metadata=_about("Wait for the echo of each line."))
    enter_config_mode = Flag(metadata=_about("Configuration only."))
    exit_config_mode = Flag(metadata=_about("Configuration only."))
    error_pattern = _text("An answer like this ends a configuration.", longest=1_000, rule=_pattern)


class Rendering(_Asked):
    """Lines from a Jinja template, which runs in a sandbox on the worker."""

    name = Choice(RenderingEngine, load_default=RenderingEngine.JINJA2)
    template = _text("Its lines are sent; without it the lines are templates.", longest=TEXT_MAX)
    context = Opaque(load_default=dict, metadata=_about("What the template may use."))


def _parser(name: str) -> None:
    if name == "ttp":
        raise marshmallow.ValidationError(
            "ttp is not offered: it runs what stands in its templates as Python code; "
            "offered is: textfsm."
        )
    if name != "textfsm":
        raise marshmallow.ValidationError("It must be textfsm.")


class Parsing(_Asked):
    """Records from the output of commands."""

    name = _text("textfsm.", longest=20, required=True, rule=_parser)
    template = _text("Without it, what ntc-templates has for the command.", longest=TEXT_MAX)


class _Work(_Asked):
    driver = _Driver(DeviceDriver, required=True)
    connection_args = fields.Nested(ConnectionArgs, required=True)
    driver_args = fields.Nested(DriverArgs, load_default=dict)
    command = _sent("Commands to send; an object is what a template may use.")
    config = _sent("Lines of configuration to send; an object is what a template may use.")
    rendering = fields.Nested(Rendering, load_default=None)
    parsing = fields.Nested(Parsing, load_default=None)
    queue_strategy = Choice(
        QueueStrategy,
        load_default=None,
        metadata=_about(
            "pinned: one job of a host at a time, in order; the default with netmiko, else fifo."
        ),
    )
    result_ttl = Whole(
        low=60,
        high=604_800,
        load_default=DAY_S,
        metadata=_about("Seconds that the job is kept after its end."),
    )
    execution_timeout = Whole(
        low=1, high=DAY_S, load_default=None, metadata=_about("Seconds that it may run.")
    )
    credential = _refused("References to stored credentials are not offered.")
    webhook = _refused("Webhooks are not offered yet; ask GET /job?id= for the end.")

    @marshmallow.validates_schema
    def _only_one(self, data: Body, **_: Any) -> None:
        if data.get("command") is not None and data.get("config") is not None:
            raise marshmallow.ValidationError("Give either command or config, not both.", "config")


def _ttl(default: int) -> Whole:
    about = _about("Seconds in the queue after which it fails instead of starting.")
    return Whole(low=1, high=DAY_S, load_default=default, metadata=about)


class DeviceRequest(_Work):
    """What to do on one device: exactly one of `command` and `config`."""

    ttl = _ttl(300)


class DeviceEntry(ConnectionArgs):
    """One of many devices: what differs from the rest of the request."""

    command = _sent("Instead of the common one.")
    config = _sent("Instead of the common one.")

    @marshmallow.validates_schema
    def _only_one(self, data: Body, **_: Any) -> None:
        if data.get("command") is not None and data.get("config") is not None:
            raise marshmallow.ValidationError("Give either command or config, not both.", "config")


class BulkDeviceRequest(_Work):
    """The same on many devices, each of which may differ."""

    devices = fields.List(
        fields.Nested(DeviceEntry),
        required=True,
        validate=validate.Length(0, DEVICES_MAX, error=f"At most {DEVICES_MAX} devices."),
    )
    ttl = _ttl(600)


class DeviceTestRequest(_Asked):
    """Which connection to try."""

    driver = _Driver(DeviceDriver, required=True)
    connection_args = fields.Nested(ConnectionArgs, required=True)


class SubmittedDeviceJob(Envelope):
    """The job that was made."""

    data = fields.Nested(ManagedJob)


class RefusedDevice(_Snake):
    """A device for which no job was made."""

    host = Note(allow_none=True)
    reason = Note()


class DeviceJobs(_Snake):
    """What became of a request for many devices."""

    succeeded = fields.List(fields.Nested(ManagedJob))
    failed = fields.List(fields.Nested(RefusedDevice))


class SubmittedDeviceJobs(Envelope):
    """The jobs that were made; null without any device."""

    data = fields.Nested(DeviceJobs, allow_none=True)


class DeviceTest(_Snake):
    """What came of trying to connect."""

    success = fields.Boolean()
    host = Note()
    prompt = Note(allow_none=True, metadata=_about("The device's prompt after the login."))
    duration = Real(allow_none=True, metadata=_about("Seconds from the start to the end."))
    error = fields.Nested(ManagedError, allow_none=True)
    job_id = Note()


class TestedDevice(Envelope):
    """What came of trying to connect."""

    data = fields.Nested(DeviceTest)
