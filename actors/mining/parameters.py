"""What a ProcessMining job can be asked: the schema of its parameters, and their meaning.

A parameter that is null counts as absent. analysisType and outputFormat are checked and
recorded in the report; every other parameter changes what the job does.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from actors.mining.document import METRICS, Settings

ANALYSES = ("comprehensive", "discovery", "performance")
FORMATS = ("detailed_report", "summary_report")


def _flag(name: str) -> fields.Boolean:
    return fields.Boolean(data_key=name, truthy={True}, falsy={False}, allow_none=True)


def _choice(name: str, choices: tuple[str, ...]) -> fields.String:
    return fields.String(data_key=name, validate=validate.OneOf(choices), allow_none=True)


class TimeWindow(Schema):
    """The days whose events count, both ends included, in UTC."""

    start = fields.Date(data_key="startDate", allow_none=True)
    end = fields.Date(data_key="endDate", allow_none=True)

    @validates_schema
    def check_order(self, data: dict[str, Any], **_unused: Any) -> None:
        """Refuse a window that ends before it starts."""
        start, end = data.get("start"), data.get("end")
        if start and end and end < start:
            raise ValidationError("must not lie before startDate", "endDate")


class Checks(Schema):
    """Which defects of the log are repaired; the others are only counted."""

    validate_timestamps = _flag("validateTimestamps")
    check_duplicates = _flag("checkDuplicates")
    validate_activities = _flag("validateActivities")


class ProcessMiningParameters(Schema):
    """The parameters of a ProcessMining job."""

    dataset_id = fields.String(
        data_key="datasetId", validate=validate.Length(1, 128), allow_none=True
    )
    analysis_type = _choice("analysisType", ANALYSES)
    output_format = _choice("outputFormat", FORMATS)
    time_window = fields.Nested(TimeWindow, data_key="timeWindow", allow_none=True)
    anomalies = _flag("includeAnomalyDetection")
    variants = _flag("includeProcessVariants")
    insights = _flag("generateInsights")
    metrics = fields.List(
        fields.String(validate=validate.OneOf(METRICS)),
        data_key="performanceMetrics",
        allow_none=True,
    )
    checks = fields.Nested(Checks, data_key="qualityChecks", allow_none=True)


@dataclass(frozen=True)
class Request:
    """What one job was asked, with the defaults filled in.

    No metrics named means all of them; variants and insights are on unless refused, anomalies
    and repairs off unless asked for.
    """

    settings: Settings
    checks: dict[str, bool]
    window: tuple[date | None, date | None] | None
    recorded: dict[str, Any] = field(default_factory=dict)


def understand(parameters: dict[str, Any]) -> Request:
    """Turn validated parameters into what the job acts on."""
    given = {key: value for key, value in parameters.items() if value is not None}
    checks = {key: bool(value) for key, value in given.get("checks", {}).items()}
    window = given.get("time_window") or {}
    return Request(
        settings=Settings(
            metrics=frozenset(given.get("metrics") or METRICS),
            variants=given.get("variants", True),
            anomalies=given.get("anomalies", False),
            insights=given.get("insights", True),
        ),
        checks=checks,
        window=(window.get("start"), window.get("end")) if any(window.values()) else None,
        recorded=ProcessMiningParameters().dump(given),
    )
