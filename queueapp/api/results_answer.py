"""Builds what the results endpoint shows of an ended job. Pure, like job_answer."""

from collections.abc import Callable

from queueapp.api.schemas.enums import OutputType
from queueapp.api.shown import Row, size
from queueapp.domain import text
from queueapp.domain.job import Artifact, Job
from queueapp.domain.outcome import Finding
from queueapp.domain.states import Status

Link = Callable[[Artifact], str | None]

_BY_TYPE = {
    "ProcessMiningReport": OutputType.REPORTS,
    "EnrichedDataset": OutputType.DATA,
    "ProcessMap": OutputType.VISUALIZATIONS,
    "AnalyticsModel": OutputType.MODELS,
}
_BY_FORMAT = {
    **dict.fromkeys(("html", "pdf", "md", "txt", "docx"), OutputType.REPORTS),
    **dict.fromkeys(("svg", "png", "jpg", "jpeg", "gif"), OutputType.VISUALIZATIONS),
    **dict.fromkeys(("pkl", "onnx", "model", "pmml"), OutputType.MODELS),
}


def output_type(artifact: Artifact) -> OutputType:
    """Return the class of outputs that an artifact belongs to; what is unknown is data."""
    by_format = _BY_FORMAT.get(artifact.format.lower(), OutputType.DATA)
    return _BY_TYPE.get(artifact.type, by_format)


def primary_artifact(job: Job) -> Artifact | None:
    """Return the job's primary output, if it made one."""
    return next((item for item in job.artifacts if item.primary), None)


def _output(artifact: Artifact, link: Link) -> Row:
    row: Row = {
        "artifactId": artifact.id,
        "type": artifact.type,
        "title": artifact.title,
        "name": artifact.name,
        "format": artifact.format,
        "size": text.size(artifact.size_bytes),
        "bytes": artifact.size_bytes,
        "sha256": artifact.sha256,
        "downloadUrl": link(artifact),
    }
    if artifact.record_count is not None:
        row["recordCount"] = artifact.record_count
    if artifact.accuracy is not None:
        row["accuracy"] = artifact.accuracy
    return row


def _outputs(job: Job, wanted: OutputType | None, link: Link) -> Row:
    shown = [item for item in job.artifacts if wanted in (None, output_type(item))]
    primary = primary_artifact(job)
    return {
        "primaryOutput": _output(primary, link) if primary in shown and primary else None,
        "additionalOutputs": [_output(item, link) for item in shown if item is not primary],
    }


def records_processed(job: Job) -> int:
    """Return the valid records; for types that do not validate, the records read."""
    return job.quality.valid if job.quality else job.progress.records_done


def _efficiency(job: Job) -> float | None:
    used = job.usage.cpu_seconds
    if used is None or job.ended_ms is None or job.ended_ms <= job.created_ms:
        return None
    return min(100.0, round(100_000 * used / (job.ended_ms - job.created_ms), 1))


def _summary(job: Job) -> Row:
    score = job.quality.score if job.quality else None
    return {
        **job.summary,
        "recordsProcessed": records_processed(job),
        "outputsGenerated": len(job.artifacts),
        "dataQualityScore": None if score is None else round(score, 1),
        "processingEfficiency": _efficiency(job),
    }


def _execution(job: Job) -> Row:
    usage = job.usage
    cpu = usage.cpu_seconds
    return {
        "totalCpuTime": None if cpu is None else text.minutes(cpu * 1000),
        "cpuSeconds": cpu,
        "peakMemoryUsage": size(usage.peak_rss_bytes),
        "peakMemoryBytes": usage.peak_rss_bytes,
        "diskIoOperations": usage.io_operations,
        "networkDataTransfer": size(usage.network_bytes),
        "networkBytes": usage.network_bytes,
    }


def _finding(found: Finding) -> Row:
    return {"type": found.type, "message": found.message, "count": found.count}


def _quality(job: Job) -> Row:
    quality = job.quality
    return {
        "dataValidation": {
            "totalRecords": quality.total if quality else None,
            "validRecords": quality.valid if quality else None,
            "duplicatesRemoved": quality.duplicates_removed if quality else None,
            "invalidRecords": quality.invalid if quality else None,
        },
        "qualityScoreParts": quality.parts if quality else {},
        "processingErrors": [_finding(found) for found in job.errors],
        "warnings": [_finding(found) for found in job.warnings],
    }


def results_answer(job: Job, *, detailed: bool, wanted: OutputType | None, link: Link) -> Row:
    """Return an ended job's results; ``link`` makes the address of an artifact, or None."""
    ended_ms = job.updated_ms if job.ended_ms is None else job.ended_ms
    run_ms = None if job.started_ms is None else ended_ms - job.started_ms
    row: Row = {
        "jobId": job.id,
        "status": job.status,
        "completionTime": text.timestamp(ended_ms),
        "totalDuration": None if run_ms is None else text.minutes(run_ms),
        "durationSeconds": text.seconds(run_ms),
        "success": job.status is Status.COMPLETED,
        "summary": _summary(job),
        "results": _outputs(job, wanted, link),
    }
    if detailed:
        row |= {"executionMetrics": _execution(job), "qualityMetrics": _quality(job)}
    return row
