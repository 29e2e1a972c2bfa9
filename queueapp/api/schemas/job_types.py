"""What the catalogue of job types answers, for the API document."""

from marshmallow import fields

from queueapp.api.schemas import ResponseSchema
from queueapp.api.schemas.enums import Isolation
from queueapp.api.schemas.fields import Choice, Count, Note
from queueapp.api.schemas.job_parts import ReservedResources, RetrySettings


class JobTypeView(ResponseSchema):
    """A kind of job that can be submitted."""

    name = Note(metadata={"description": "The jobType of a submission."})
    description = Note()
    parameters = fields.Dict(metadata={"description": "JSON Schema of the parameters."})
    resource_types = fields.List(
        Note(), metadata={"description": "A resource of one of these is needed; empty: of none."}
    )
    datasets = fields.List(Note(), metadata={"description": "Parameters that name a dataset."})
    stages = fields.List(Note(), metadata={"description": "The stages that it passes, in order."})
    outputs = fields.List(Note(), metadata={"description": "The types of files that it makes."})
    resource_requirements = fields.Nested(ReservedResources)
    retries = fields.Nested(RetrySettings)
    isolation = Choice(Isolation)
    workers = Count(metadata={"description": "Live workers that offer it."})


class JobTypeList(ResponseSchema):
    """The catalogue, by name."""

    job_types = fields.List(fields.Nested(JobTypeView))
