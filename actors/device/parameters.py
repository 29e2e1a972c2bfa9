"""What a DeviceCommand job is told: the schema of its parameters.

Passwords are no parameters: they come sealed, and are the job's secrets.
"""

from marshmallow import Schema, fields, validate

DRIVERS = ("netmiko", "paramiko", "pyeapi")
MODES = ("command", "config", "test")
# ttp is left out: it evaluates what stands in its templates as Python code.
PARSERS = ("textfsm",)
TEXT_MAX = 65_536


class RenderingParameters(Schema):
    """The lines are made from a Jinja template, or are templates themselves."""

    template = fields.String(validate=validate.Length(1, TEXT_MAX), allow_none=True)
    context = fields.Dict()


class ParsingParameters(Schema):
    """How output becomes records."""

    name = fields.String(required=True, validate=validate.OneOf(PARSERS))
    template = fields.String(validate=validate.Length(1, TEXT_MAX), allow_none=True)


class SendingParameters(Schema):
    """netmiko's own wishes about how lines are sent."""

    read_timeout = fields.Float()
    expect_string = fields.String()
    strip_prompt = fields.Boolean()
    strip_command = fields.Boolean()
    cmd_verify = fields.Boolean()
    enter_config_mode = fields.Boolean()
    exit_config_mode = fields.Boolean()
    error_pattern = fields.String()


class DeviceCommandParameters(Schema):
    """The parameters of a DeviceCommand job."""

    mode = fields.String(required=True, validate=validate.OneOf(MODES))
    host = fields.String(required=True, validate=validate.Length(1, 255))
    driver = fields.String(load_default="netmiko", validate=validate.OneOf(DRIVERS))
    device_type = fields.String(allow_none=True, validate=validate.Length(1, 100))
    port = fields.Integer(allow_none=True, strict=True, validate=validate.Range(1, 65_535))
    username = fields.String(allow_none=True, validate=validate.Length(0, 255))
    lines = fields.List(fields.String(), load_default=list)
    rendering = fields.Nested(RenderingParameters, allow_none=True)
    parsing = fields.Nested(ParsingParameters, allow_none=True)
    driver_args = fields.Nested(SendingParameters, load_default=dict)
