"""What the results endpoint answers, for the API document."""

from marshmallow import fields

from queueapp.api.schemas import OpenSchema, ResponseSchema
from queueapp.api.schemas.enums import Status
from queueapp.api.schemas.fields import Choice, Count, Guid, Link, Note, Real, Stamp

OPTIONAL = {"optional": True}


class ResultsSummary(OpenSchema):
    """The results in numbers; a job type adds its own beside these."""

    records_processed = Count(metadata={"description": "Valid records."})
    outputs_generated = Count()
    data_quality_score = Real(allow_none=True, metadata={"minimum": 0, "maximum": 100})
    processing_efficiency = Real(
        allow_none=True,
        metadata={
            "minimum": 0,
            "maximum": 100,
            "description": "100 x CPU time / (completion - submission), at most 100.",
        },
    )


class JobOutput(ResponseSchema):
    """A file that the job made."""

    artifact_id = Note()
    type = Note(metadata={"description": "Such as ProcessMiningReport or EnrichedDataset."})
    title = Note()
    name = Note()
    format = Note()
    size = Note(metadata={"description": "Such as 45.7 MB."})
    bytes = Count()
    sha256 = Note()
    download_url = Link(
        allow_none=True, metadata={"description": "Needs no key; expires, then answers 410."}
    )
    record_count = Count(metadata=OPTIONAL)
    accuracy = Real(metadata={**OPTIONAL, "minimum": 0, "maximum": 1})


class JobOutputs(ResponseSchema):
    """The files that the job made."""

    primary_output = fields.Nested(JobOutput, allow_none=True)
    additional_outputs = fields.List(fields.Nested(JobOutput))


class ExecutionMetrics(ResponseSchema):
    """What the newest attempt used, measured from outside; null is what could not be measured."""

    total_cpu_time = Note(allow_none=True)
    cpu_seconds = Real(allow_none=True)
    peak_memory_usage = Note(allow_none=True)
    peak_memory_bytes = Count(allow_none=True)
    disk_io_operations = Count(allow_none=True)
    network_data_transfer = Note(allow_none=True)
    network_bytes = Count(allow_none=True)


class DataValidation(ResponseSchema):
    """Total = valid + duplicates removed + invalid; null if the job type does not validate."""

    total_records = Count(allow_none=True)
    valid_records = Count(allow_none=True)
    duplicates_removed = Count(allow_none=True)
    invalid_records = Count(allow_none=True)


class ProcessingFinding(ResponseSchema):
    """Errors or warnings of one kind, counted."""

    type = Note()
    message = Note()
    count = Count()


class QualityMetrics(ResponseSchema):
    """How good the input was."""

    data_validation = fields.Nested(DataValidation)
    quality_score_parts = fields.Dict(values=Real())
    processing_errors = fields.List(fields.Nested(ProcessingFinding))
    warnings = fields.List(fields.Nested(ProcessingFinding))


class JobResults(ResponseSchema):
    """The results of an ended job; executionMetrics and qualityMetrics only when detailed."""

    job_id = Guid()
    status = Choice(Status)
    completion_time = Stamp()
    total_duration = Note(allow_none=True, metadata={"description": "Such as 42 minutes."})
    duration_seconds = Real(allow_none=True)
    success = fields.Boolean()
    summary = fields.Nested(ResultsSummary)
    results = fields.Nested(JobOutputs)
    execution_metrics = fields.Nested(ExecutionMetrics, metadata=OPTIONAL)
    quality_metrics = fields.Nested(QualityMetrics, metadata=OPTIONAL)
