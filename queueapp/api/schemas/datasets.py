"""Datasets as they are sent and shown."""

from typing import Any

import marshmallow
from flask_smorest.fields import Upload as UploadField
from marshmallow import fields

from queueapp.api.paging import LARGEST, PageQuery
from queueapp.api.schemas import RequestSchema, ResponseSchema, camel
from queueapp.api.schemas.fields import Count, Note, Stamp, Text, Whole
from queueapp.domain.dataset import Dataset
from queueapp.domain.text import size, timestamp
from queueapp.eventlog import FORMATS

USUAL = 50
LONGEST_COLUMN = 500
#: The API's word for each part of a log.
PARTS = {
    "case_id": "caseId",
    "activity": "activityName",
    "time": "activityTime",
    "resource": "resource",
    "start_time": "startTime",
}
COLUMNS_TOGETHER = (
    "It is missing: name all three of caseId, activityName and activityTime, or no column at all."
)
HINTS = ("delimiter", "encoding", "timezone")


def _column(what: str) -> Text:
    return Text(longest=LONGEST_COLUMN, shortest=1, metadata={"description": what})


class ListPageQuery(PageQuery):
    """Which page of a list of datasets or pipelines."""

    page_size = Whole(
        low=1,
        high=LARGEST,
        clamp=True,
        load_default=USUAL,
        metadata={"description": f"Entries in a page; more than {LARGEST} means {LARGEST}."},
    )


class DatasetFields(RequestSchema):
    """The text fields of an upload."""

    name = Text(
        shortest=1,
        longest=200,
        blank=False,
        printable=True,
        metadata={"description": "What people call it; the file's name unless given."},
    )
    case_id = _column("Column with the id of the case.")
    activity_name = _column("Column with the name of the activity.")
    activity_time = _column("Column with the time of the event.")
    resource = _column("Column with who did it.")
    start_time = _column("Column with the time at which the activity began.")
    delimiter = Text(
        longest=3, shortest=1, metadata={"description": "What separates columns; `tab` for a tab."}
    )
    encoding = Text(
        longest=40, shortest=1, metadata={"description": "Encoding of the text, if not UTF-8."}
    )
    timezone = Text(
        longest=64,
        shortest=1,
        metadata={"description": "IANA time zone of times without offset; UTC unless given."},
    )

    @marshmallow.validates_schema
    def _columns_together(self, data: dict[str, Any], **_: Any) -> None:
        needed = ("case_id", "activity_name", "activity_time")
        named = [name for name in (*needed, "resource", "start_time") if data.get(name)]
        missing = [camel(name) for name in needed if not data.get(name)]
        if named and missing:
            raise marshmallow.ValidationError({field: [COLUMNS_TOGETHER] for field in missing})


class DatasetUpload(DatasetFields):
    """An event log with what its sender knows about it.

    Without column names the usual ones are looked for, and XES names its own.
    """

    file = UploadField(
        required=True, metadata={"description": "CSV, XES (both also as gzip) or Parquet."}
    )


class DatasetColumns(ResponseSchema):
    """Which column of the file plays which part."""

    case_id = Note()
    activity_name = Note()
    activity_time = Note()
    resource = Note(allow_none=True)
    start_time = Note(allow_none=True)


class DatasetHints(ResponseSchema):
    """How the file was read, where its format leaves a choice."""

    delimiter = Note(allow_none=True)
    encoding = Note(allow_none=True)
    timezone = Note(allow_none=True)


class DatasetPeriod(ResponseSchema):
    """The times of the first and the last usable event."""

    start_date = Stamp()
    end_date = Stamp()


class DatasetProblem(ResponseSchema):
    """A row that cannot be used."""

    row = Count(metadata={"description": "Record number from 1."})
    column = Note()
    code = Note()
    message = Note()
    value = Note(allow_none=True)


def _count(what: str) -> Count:
    return Count(allow_none=True, metadata={"description": what})


class DatasetView(ResponseSchema):
    """A dataset; counts are null until the log has been read."""

    id = Note()
    name = Note()
    status = Note(
        metadata={"description": "Ready, Profiling (being read) or Failed (cannot be read)."}
    )
    format = Note(metadata={"description": f"One of {', '.join(FORMATS)}."})
    size = Note(metadata={"description": "Size as text, such as 45.7 MB."})
    size_bytes = Count()
    sha256 = Note()
    rows = _count("Records in the file.")
    cases = _count("Cases with a usable event.")
    activities = _count("Distinct activities of usable events.")
    invalid_rows = _count("Rows without case, activity or usable time.")
    problems = fields.List(fields.Nested(DatasetProblem), metadata={"description": "The first 20."})
    period = fields.Nested(DatasetPeriod, allow_none=True)
    columns = fields.Nested(DatasetColumns, allow_none=True)
    header = fields.List(Note(), allow_none=True)
    options = fields.Nested(DatasetHints)
    error = Note(allow_none=True, metadata={"description": "Why it cannot be read."})
    created_by = Note()
    date_created = Stamp()
    last_updated = Stamp()


class DatasetPage(ResponseSchema):
    """One page of a project's datasets, newest first."""

    datasets = fields.List(fields.Nested(DatasetView))
    page = Count()
    page_size = Count()
    has_next_page = fields.Boolean()
    total_count = Count()


def dataset_view(dataset: Dataset) -> dict[str, Any]:
    """Return a dataset as the API shows it."""
    found = dataset.profile or {}
    return {
        "id": dataset.id,
        "name": dataset.name,
        "status": dataset.status,
        "format": dataset.format,
        "size": size(dataset.size_bytes),
        "sizeBytes": dataset.size_bytes,
        "sha256": dataset.sha256,
        "rows": found.get("rows"),
        "cases": found.get("cases"),
        "activities": found.get("activities"),
        "invalidRows": found.get("invalid_rows"),
        "problems": found.get("problems", []),
        "period": _period(found),
        "columns": _columns(found.get("columns") or dataset.columns),
        "header": found.get("header"),
        "options": {hint: (found.get("options") or dataset.options).get(hint) for hint in HINTS},
        "error": dataset.error,
        "createdBy": dataset.created_by,
        "dateCreated": timestamp(dataset.created_ms),
        "lastUpdated": timestamp(dataset.updated_ms),
    }


def _period(found: dict[str, Any]) -> dict[str, str] | None:
    first, last = found.get("first_event_ms"), found.get("last_event_ms")
    if first is None or last is None:
        return None
    return {"startDate": timestamp(first), "endDate": timestamp(last)}


def _columns(columns: dict[str, str | None] | None) -> dict[str, str | None] | None:
    return {word: columns.get(part) for part, word in PARTS.items()} if columns else None
