"""What the logs endpoint is asked with and what it answers."""

from marshmallow import fields, validate

from queueapp.api.schemas import QuerySchema, ResponseSchema
from queueapp.api.schemas.enums import LogFormat, LogLevel
from queueapp.api.schemas.fields import Choice, Count, Guid, Moment, Note, Stamp, Whole

MAX_LINES = 10_000


class LogsQuery(QuerySchema):
    """Which lines to show."""

    level = Choice(
        LogLevel,
        load_default=LogLevel.INFO,
        metadata={"description": "The least severe level to show."},
    )
    from_ms = Moment(
        data_key="from",
        load_default=None,
        metadata={"description": "At or after this; lines without a time are left out then."},
    )
    to_ms = Moment(
        upper=True,
        data_key="to",
        load_default=None,
        metadata={"description": "At or before this; lines without a time are left out then."},
    )
    from_time_ms = Moment(
        data_key="fromTime",
        load_default=None,
        metadata={"description": "As `from`; of two bounds both hold."},
    )
    to_time_ms = Moment(
        upper=True,
        data_key="toTime",
        load_default=None,
        metadata={"description": "As `to`; of two bounds both hold."},
    )
    limit = Whole(
        low=1,
        high=MAX_LINES,
        load_default=1000,
        metadata={"description": "Lines in a page; a page may be shorter, see hasMore."},
    )
    attempt = fields.String(
        load_default=None,
        validate=validate.Regexp(
            r"^(all|[1-9][0-9]{0,5})$", error="It must be an attempt's number from 1, or all."
        ),
        metadata={"description": "An attempt's number, or all; else the newest.", "example": "all"},
    )
    after = fields.String(
        load_default=None,
        validate=validate.Regexp(
            r"^[1-9][0-9]{0,5}\.[1-9][0-9]{0,8}$", error="It must be the next of another page."
        ),
        metadata={"description": "The `next` of the page before.", "example": "1.1000"},
    )
    format = Choice(
        LogFormat,
        load_default=LogFormat.STRUCTURED,
        metadata={"description": "structured: one object per line; raw: text, as it reads."},
    )


class LogsSummary(ResponseSchema):
    """The lines of the attempts shown, in the span of time, by level; of every level and page."""

    total = Count()
    debug = Count()
    info = Count()
    warn = Count()
    error = Count()


class LogEntry(ResponseSchema):
    """A line of a log."""

    timestamp = Stamp(
        allow_none=True, metadata={"description": "null where nobody took the time, as of output."}
    )
    timestamp_ms = Count(
        allow_none=True, metadata={"description": "The same, in ms since the epoch."}
    )
    level = Choice(LogLevel)
    stage = Note(allow_none=True)
    component = Note(metadata={"description": "job, output (what it printed), runner, traceback."})
    message = Note()
    details = fields.Dict(allow_none=True)
    attempt = Count(metadata={"description": "From 1."})


class JobLogs(ResponseSchema):
    """One page of a job's logs, oldest attempt first."""

    job_id = Guid()
    attempts = fields.List(Count(), metadata={"description": "The attempts shown."})
    logs_summary = fields.Nested(LogsSummary)
    logs = fields.List(fields.Nested(LogEntry))
    limit = Count()
    has_more = fields.Boolean()
    next = Note(
        allow_none=True,
        metadata={"description": "The last line's place: `after` goes on from it; null at none."},
    )
    complete = fields.Boolean(
        metadata={"description": "Whether the attempts shown have ended and nothing can follow."}
    )
