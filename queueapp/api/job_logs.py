"""What jobs logged and printed, over HTTP: as objects in pages, or as text."""

from collections.abc import Sequence
from typing import Any

import orjson
from flask import Response
from flask.views import MethodView

from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.examples import logs as examples
from queueapp.api.jobs import JOB
from queueapp.api.named_jobs import known_job
from queueapp.api.responses import answer
from queueapp.api.schemas.enums import LogFormat
from queueapp.api.schemas.logs import JobLogs, LogsQuery
from queueapp.api.services import services
from queueapp.api.shown import stamp
from queueapp.domain.api_key import Role
from queueapp.domain.errors import NotFound, ValidationFailed
from queueapp.domain.job import Job
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.engine.job_logs import Cursor, LogLine, LogPage, LogQuery, read_page

TEXT = {"type": "string", "description": "Lines: time, level, component, [stage], message."}
PLACES = {
    "X-Has-More": {
        "description": "With format=raw: hasMore.",
        "schema": {"type": "string", "enum": ["true", "false"]},
    },
    "X-Next": {
        "description": "With format=raw: next; absent where there is none.",
        "schema": {"type": "string"},
    },
}

blueprint = ApiBlueprint(
    "Job logs", __name__, url_prefix="/api", description="What jobs logged and printed."
)


@blueprint.route(f"{JOB}/logs")
class Logs(MethodView):
    """The logs of one job."""

    @blueprint.operation("getJobLogs", role=Role.VIEWER)
    @blueprint.arguments(LogsQuery, location="query")
    @blueprint.response(200, JobLogs, example=examples.LOGS)
    @blueprint.alt_response(
        200,
        schema=TEXT,
        content_type="text/plain",
        example=examples.RAW,
        headers=PLACES,
        description="OK",
        success=True,
    )
    def get(self, query: dict[str, Any], scope: Scope, job_id: str) -> Response:
        """Get a job's logs

        Of each attempt what it logged, then what it printed, then its traceback. While an attempt
        runs, only the newest 16 kB of what it logged are there, about a second old; everything
        once it has ended. The logs live as long as the job. hasMore says whether more lines are
        there now; next goes on from the last line, also when new ones have come. With format=raw
        the same lines are text, tracebacks whole; then X-Has-More and X-Next are headers.
        """
        job = known_job(scope, job_id)
        wanted = _query(job, query)
        made = services()
        page = read_page(made.objects, job, wanted, made.engine.store.jobs.log_tail(job))
        if query["format"] is LogFormat.RAW:
            return _text(page, after=query["after"])
        follows = query["attempt"] == "all" or any(n > len(job.attempts) for n in wanted.attempts)
        row = _answer(job, wanted, page, after=query["after"])
        return answer({**row, "complete": job.ended or bool(wanted.attempts and not follows)})


def _query(job: Job, query: dict[str, Any]) -> LogQuery:
    after = _cursor(query["after"])
    return LogQuery(
        level=str(query["level"]),
        from_ms=max(_given(query, "from_ms", "from_time_ms"), default=None),
        to_ms=min(_given(query, "to_ms", "to_time_ms"), default=None),
        limit=query["limit"],
        attempts=_attempts(job, query["attempt"], after),
        after=after,
    )


def _given(query: dict[str, Any], *names: str) -> list[int]:
    return [query[name] for name in names if query[name] is not None]


def _cursor(text: str | None) -> Cursor | None:
    if text is None:
        return None
    attempt, _, line = text.partition(".")
    return Cursor(int(attempt), int(line))


def _attempts(job: Job, wanted: str | None, after: Cursor | None) -> Sequence[int]:
    """Return the numbers of the attempts to show; a cursor goes on with its own."""
    last = len(job.attempts) + _runs(job)
    if wanted == "all":
        return range(1, last + 1)
    if wanted is None:
        number = last if after is None else after.attempt
    else:
        number = int(wanted)
        if after is not None and after.attempt != number:
            problem = "It belongs to another attempt."
            raise ValidationFailed("A parameter is not valid.", errors=[("/after", problem)])
    if number > last:
        raise NotFound(f"The job has no attempt {number}.")
    return (number,) if number else ()


def _runs(job: Job) -> bool:
    """Tell whether an attempt is under way; one that ended while the job was read is over."""
    over = bool(job.attempts) and job.attempts[-1].epoch == job.epoch
    return job.status is Status.RUNNING and not over


def _answer(job: Job, query: LogQuery, page: LogPage, *, after: str | None) -> dict[str, Any]:
    return {
        "jobId": job.id,
        "attempts": list(query.attempts),
        "logsSummary": {
            "total": sum(page.counts.values()),
            **{level.lower(): count for level, count in page.counts.items()},
        },
        "logs": [_entry(place, line) for place, line in page.lines],
        "limit": query.limit,
        "hasMore": page.more,
        "next": _next(page, after),
    }


def _next(page: LogPage, after: str | None) -> str | None:
    last = page.last
    return f"{last.attempt}.{last.line}" if last else after


def _text(page: LogPage, *, after: str | None) -> Response:
    """Return a page as text; where it goes on stands in headers."""
    text = "".join(f"{_read_out(line)}\n" for _, line in page.lines)
    headers = {"X-Has-More": str(page.more).lower()}
    following = _next(page, after)
    if following is not None:
        headers["X-Next"] = following
    return Response(text, headers=headers, content_type="text/plain; charset=utf-8")


def _read_out(line: LogLine) -> str:
    """Return a line as one reads it; what was printed has no time, and needs no more words."""
    if line.component == "output":
        return line.message
    stage = f" [{line.stage}]" if line.stage else ""
    head = f"{stamp(line.at_ms) or '-'} {line.level} {line.component}{stage}"
    details = line.details or {}
    if line.component == "traceback":
        return f"{head}\n{details.get('traceback', line.message)}"
    told = f" {orjson.dumps(details).decode()}" if details else ""
    return f"{head}: {line.message}{told}"


def _entry(place: Cursor, line: LogLine) -> dict[str, Any]:
    return {
        "timestamp": stamp(line.at_ms),
        "timestampMs": line.at_ms,
        "level": line.level,
        "stage": line.stage,
        "component": line.component,
        "message": line.message,
        "details": line.details,
        "attempt": place.attempt,
    }
