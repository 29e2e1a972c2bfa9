"""The shape of every error answer (RFC 9457), for the API document."""

from marshmallow import fields

from queueapp.api.schemas import ResponseSchema
from queueapp.api.schemas.fields import Note


class ProblemField(ResponseSchema):
    """One field of the request and what is wrong with it."""

    field = Note(metadata={"description": "JSON pointer, or /name of a query parameter."})
    message = Note()


class Problem(ResponseSchema):
    """What went wrong, for people and programs."""

    type = Note(metadata={"format": "uri-reference", "description": "A page about the problem."})
    title = Note()
    status = fields.Integer(metadata={"format": "int32"})
    detail = Note()
    instance = Note(metadata={"description": "The path of the request."})
    code = Note(metadata={"description": "A stable word for programs."})
    errors = fields.List(fields.Nested(ProblemField))
    request_id = Note()
    details = fields.Dict(
        metadata={"optional": True, "description": "Facts for programs, such as currentStatus."}
    )
