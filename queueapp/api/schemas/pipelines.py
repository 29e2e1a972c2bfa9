"""Pipelines as they are sent and shown."""

from typing import Any

from marshmallow import fields, validate

from queueapp.api.schemas import RequestSchema, ResponseSchema
from queueapp.api.schemas.fields import (
    Count,
    Note,
    Number,
    Opaque,
    Real,
    Stamp,
    Text,
    Whole,
)
from queueapp.domain.dataset import Pipeline
from queueapp.domain.text import timestamp

MAX_STAGES = 100
MAX_CPU_UNITS = 1_024
MAX_MEMORY_GB = 65_536
MAX_TIMEOUT_MINUTES = 1_440


class PipelineRequirements(RequestSchema):
    """What jobs of the pipeline reserve, unless they say otherwise."""

    cpu_units = Whole(
        low=1, high=MAX_CPU_UNITS, metadata={"description": "CPU units; one is a core."}
    )
    memory_gb = Number(
        high=MAX_MEMORY_GB,
        above=True,
        data_key="memoryGB",
        metadata={"description": "Memory in GB, which is also the job's limit."},
    )


class PipelineRequest(RequestSchema):
    """A pipeline to create or to replace."""

    name = Text(
        longest=200,
        shortest=1,
        blank=False,
        required=True,
        metadata={"description": "What people call it."},
    )
    description = Text(longest=2_000, metadata={"description": "What it is for."})
    stages = fields.List(
        Opaque(),
        validate=validate.Length(max=MAX_STAGES, error=f"There may be {MAX_STAGES} stages."),
        metadata={"description": "Enrichment steps; jobs run pipelines without any for now."},
    )
    requirements = fields.Nested(
        PipelineRequirements, metadata={"description": "What its jobs reserve on a node."}
    )
    timeout_minutes = Whole(
        low=1,
        high=MAX_TIMEOUT_MINUTES,
        metadata={"description": "Running time after which its jobs fail; 120 unless given."},
    )


class PipelineNeeds(ResponseSchema):
    """What jobs of a pipeline reserve; null leaves it to the job type."""

    cpu_units = Count(allow_none=True)
    memory_gb = Real(allow_none=True, data_key="memoryGB")


class PipelineView(ResponseSchema):
    """A pipeline."""

    id = Note()
    name = Note()
    description = Note(allow_none=True)
    stages = fields.List(fields.Dict())
    requirements = fields.Nested(PipelineNeeds)
    timeout_minutes = Count(allow_none=True)
    created_by = Note()
    date_created = Stamp()
    last_updated = Stamp()


class PipelinePage(ResponseSchema):
    """One page of a project's pipelines, newest first."""

    pipelines = fields.List(fields.Nested(PipelineView))
    page = Count()
    page_size = Count()
    has_next_page = fields.Boolean()
    total_count = Count()


def pipeline_of(body: dict[str, Any], *, pipeline_id: str, by: str) -> Pipeline:
    """Return the pipeline that a request's body describes."""
    needs = body.get("requirements") or {}
    return Pipeline(
        id=pipeline_id,
        name=body["name"],
        description=body.get("description"),
        stages=tuple(body.get("stages") or ()),
        cpu_units=needs.get("cpu_units"),
        memory_gb=needs.get("memory_gb"),
        timeout_minutes=body.get("timeout_minutes"),
        created_by=by,
    )


def pipeline_view(pipeline: Pipeline) -> dict[str, Any]:
    """Return a pipeline as the API shows it."""
    return {
        "id": pipeline.id,
        "name": pipeline.name,
        "description": pipeline.description,
        "stages": list(pipeline.stages),
        "requirements": {"cpuUnits": pipeline.cpu_units, "memoryGB": pipeline.memory_gb},
        "timeoutMinutes": pipeline.timeout_minutes,
        "createdBy": pipeline.created_by,
        "dateCreated": timestamp(pipeline.created_ms),
        "lastUpdated": timestamp(pipeline.updated_ms),
    }
