"""The ProcessMining job: reads a dataset, cleans and mines it, writes the report and its files.

What is computed and drawn lives in actors.mining; this module only connects it to the job.
"""

import json
import pickle
from dataclasses import replace
from typing import Any

import polars as pl

import queueapp
from actors.mining import next_activity, process_map
from actors.mining.compact import compact
from actors.mining.document import Mined, mine
from actors.mining.enriched import write_csv
from actors.mining.page import report
from actors.mining.parameters import ProcessMiningParameters, Request, understand
from queueapp import BadInput, JobContext, job_type
from queueapp.eventlog import (
    CleaningReport,
    CleanLog,
    Columns,
    LogError,
    QualityChecks,
    RawLog,
    ReadOptions,
    clean_log,
    read_log,
)

#: Stage -> its share of the time that a large log takes.
STAGES = {"Reading": 0.3, "Cleaning": 0.12, "Mining": 0.15, "Drawing": 0.03, "Writing": 0.4}
_PARTS = ("completeness", "validity", "uniqueness", "consistency", "precision")


@job_type(
    "ProcessMining",
    parameters=ProcessMiningParameters,
    resource_types=("Pipeline", "Dataset"),
    datasets=("datasetId",),
    cpu_units=1,
    memory_gb=1.0,
    outputs=("ProcessMiningReport", "EnrichedDataset", "ProcessMap", "AnalyticsModel"),
    stages=tuple(STAGES),
)
def process_mining(job: JobContext) -> None:
    """Discover how a process really runs from its event log, and where it loses time."""
    request, pace = understand(job.parameters), _Pace(job)
    clean = _clean(job, request, pace)
    mined, model = _mine(job, request, clean, pace)
    _draw(job, mined.document, pace)
    _write_data(job, clean, mined, pace)
    _write_model(job, model)
    job.summary(
        **{key: mined.document["summary"][key] for key in ("cases", "events", "activities")},
        variants=mined.document["summary"]["variants"],
        medianCaseDurationSeconds=mined.document["summary"]["medianCaseDurationSeconds"],
    )
    pace.finish()


class _Pace:
    """Turns how far a stage is into records: each counts in part for every stage it is through."""

    def __init__(self, job: JobContext) -> None:
        self._job = job
        self._total: int | None = None

    def reading(self, rows: int) -> None:
        """Report rows read while nobody knows how many there are."""
        self._job.progress(done=int(rows * STAGES["Reading"]), stage="Reading")

    def known(self, total: int) -> None:
        """Say how many records there are, now that all are read."""
        self._total = total

    def at(self, stage: str, part: float) -> None:
        """Report a stage as done in part, 0 to 1."""
        names = list(STAGES)
        before = sum(STAGES[name] for name in names[: names.index(stage)])
        done = int((self._total or 0) * (before + STAGES[stage] * part))
        self._job.progress(done=done, total=self._total, stage=stage)

    def finish(self) -> None:
        """Report every record as done."""
        self._job.progress(done=self._total, total=self._total)


def _clean(job: JobContext, request: Request, pace: _Pace) -> CleanLog:
    raw = _read(job, pace)
    raw = replace(raw, frame=compact(raw.frame, list(raw.attributes)))
    pace.known(raw.frame.height)
    pace.at("Cleaning", 0.0)
    checks = QualityChecks(**request.checks)
    clean = clean_log(raw, checks=checks, now=job.now, time_window=request.window)
    _tell_quality(job, clean.report)
    if clean.frame.is_empty():
        raise _nothing_left(raw, clean.report, request)
    pace.at("Cleaning", 1.0)
    return replace(clean, frame=clean.frame.drop("time_text", "start_text", strict=False))


def _read(job: JobContext, pace: _Pace) -> RawLog:
    dataset = job.dataset("datasetId")
    pace.reading(0)
    columns = Columns(**dataset.columns) if dataset.columns else None  # type: ignore[arg-type]
    try:
        return read_log(
            dataset.path,
            format=dataset.format,  # type: ignore[arg-type]
            columns=columns,
            options=ReadOptions(**dataset.options),
            on_rows=pace.reading,
        )
    except LogError as error:
        raise BadInput(error.message, field="datasetId") from error


def _tell_quality(job: JobContext, found: CleaningReport) -> None:
    job.quality(
        total=found.total_records,
        valid=found.valid_records,
        duplicates=found.duplicates_removed,
        invalid=found.invalid_records,
        score=found.score,
        parts=_parts(found),
    )
    for problem in found.problems:
        job.error(type=problem.type, message=problem.message, count=problem.count)
    for warning in found.warnings:
        job.warning(type=warning.type, message=warning.message, count=warning.count)


def _parts(found: CleaningReport) -> dict[str, float]:
    parts = {name: getattr(found.quality, name) for name in _PARTS}
    return {name: round(part, 4) for name, part in parts.items() if part is not None}


def _nothing_left(raw: RawLog, found: CleaningReport, request: Request) -> BadInput:
    if request.window and found.outside_window:
        days = raw.frame["time"].dt.strftime("%Y-%m-%d")
        message = "No event lies in the time window; the log runs from {} to {}"
        return BadInput(message.format(days.min(), days.max()), field="timeWindow")
    if raw.frame.is_empty():
        return BadInput("The dataset has no records", field="datasetId")
    told = [
        (one.message[:1].lower() + one.message[1:].rstrip("."), one.count) for one in found.problems
    ]
    reasons = "; ".join(f"{reason} ({count})" for reason, count in told)
    return BadInput(f"No record of the dataset can be used: {reasons}", field="datasetId")


def _mine(
    job: JobContext, request: Request, clean: CleanLog, pace: _Pace
) -> tuple[Mined, dict[str, Any]]:
    mined = mine(
        clean.frame,
        request.settings,
        head=_head(job, request),
        quality=_quality(clean.report),
        on_step=lambda part: pace.at("Mining", 0.7 * part),
    )
    model = next_activity.fit(mined.events, mined.cases)
    mined.document["model"] = next_activity.card(model)
    pace.at("Mining", 1.0)
    return mined, model


def _head(job: JobContext, request: Request) -> dict[str, Any]:
    dataset = job.dataset("datasetId")
    return {
        "made": job.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "dataset": {
            "id": dataset.id,
            "name": dataset.name,
            "format": dataset.format,
            "sha256": dataset.sha256,
        },
        "parameters": request.recorded,
        "versions": {"queueapp": queueapp.__version__, "polars": pl.__version__},
    }


def _quality(found: CleaningReport) -> dict[str, Any]:
    return {
        "score": found.score,
        "parts": _parts(found),
        "totalRecords": found.total_records,
        "validRecords": found.valid_records,
        "duplicatesFound": found.duplicates_found,
        "duplicatesRemoved": found.duplicates_removed,
        "invalidRecords": found.invalid_records,
        "invalidByReason": found.invalid_by_reason,
        "outsideWindow": found.outside_window,
        **{
            kind: [{"type": f.type, "message": f.message, "count": f.count} for f in findings]
            for kind, findings in (
                ("repairs", found.repairs),
                ("problems", found.problems),
                ("warnings", found.warnings),
            )
        },
    }


def _draw(job: JobContext, document: dict[str, Any], pace: _Pace) -> None:
    pace.at("Drawing", 0.0)
    name = document["dataset"]["name"]
    title = f"Process mining report: {name}"
    page = report.render(document)
    pace.at("Drawing", 0.7)
    with job.artifact("report.html", type="ProcessMiningReport", title=title, primary=True) as file:
        file.write(page)
    picture = process_map.standalone(document)
    with job.artifact("process-map.svg", type="ProcessMap", title=f"Process map: {name}") as file:
        file.write(picture.encode())
    title = f"Process mining figures: {name}"
    with job.artifact("report.json", type="ProcessMiningReport", title=title) as file:
        file.write(report.as_json(document))
    pace.at("Drawing", 1.0)


def _write_data(job: JobContext, clean: CleanLog, mined: Mined, pace: _Pace) -> None:
    rows = clean.frame.height
    title = f"Enriched event log: {mined.document['dataset']['name']}"
    with job.artifact(
        "enriched.csv", type="EnrichedDataset", title=title, record_count=rows
    ) as file:
        write_csv(
            clean.frame,
            mined.events,
            mined.cases,
            file,
            names=clean.attributes,
            on_rows=lambda done: pace.at("Writing", done / rows),
        )


def _write_model(job: JobContext, model: dict[str, Any]) -> None:
    kind, accuracy = "AnalyticsModel", model["accuracy"]
    title = "Next-activity model"
    with job.artifact("model.pkl", type=kind, title=title, accuracy=accuracy) as file:
        pickle.dump(model, file, protocol=4)
    with job.artifact("model.json", type=kind, title=f"{title} (JSON)", accuracy=accuracy) as file:
        file.write(json.dumps(model, ensure_ascii=False, separators=(",", ":")).encode())
