"""Jobs over HTTP: status, list, submit, cancel, results, retry."""

from typing import Any

from flask import Response, g
from flask.views import MethodView

from queueapp.api.acted_answer import cancelled_answer, submitted_answer, trial_answer
from queueapp.api.artifacts import FILE, download
from queueapp.api.auth import key
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.datasets import LOCATION
from queueapp.api.downloads import signed_link
from queueapp.api.examples import jobs as examples
from queueapp.api.idempotency import once, refuse_other_use
from queueapp.api.job_answer import job_answer, job_row
from queueapp.api.job_requests import retry_wishes, to_request
from queueapp.api.named_jobs import canonical_type, known_id, known_job, own_job
from queueapp.api.paging import page_keys
from queueapp.api.responses import answer
from queueapp.api.results_answer import output_type, primary_artifact, results_answer
from queueapp.api.schemas import job_answers as answers
from queueapp.api.schemas import jobs as schemas
from queueapp.api.schemas.enums import OutputType, ResultFormat
from queueapp.api.schemas.results import JobResults
from queueapp.api.services import address, services
from queueapp.domain.api_key import Role
from queueapp.domain.errors import JobNotCancellable, JobNotCompleted
from queueapp.domain.job import Artifact, Job
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.engine.answers import Submitted
from queueapp.store.answers import Idempotency
from queueapp.store.listing import JobFilter, JobPage

blueprint = ApiBlueprint(
    "Jobs", __name__, url_prefix="/api", description="Submit, follow, cancel and retry jobs."
)
JOBS = "/<string:tenantId>/<string:projectId>/execution/job"
JOB = f"{JOBS}/<string:jobId>"


def _accepted(scope: Scope, submitted: Submitted, body: dict[str, Any], status: int) -> Response:
    location = address(scope, "execution", "job", submitted.spec.id)
    return answer(body, status, {"Location": location})


@blueprint.route(JOBS)
class Submissions(MethodView):
    """The door for new jobs."""

    @blueprint.operation("submitJob", role=Role.SUBMITTER, errors=(409,), idempotent_key=True)
    @blueprint.arguments(schemas.SubmissionQuery, location="query")
    @blueprint.arguments(schemas.JobSubmission, example=examples.SUBMISSION)
    @blueprint.response(202, answers.SubmittedJob, example=examples.SUBMITTED)
    @blueprint.alt_response(
        200,
        schema=answers.TriedJob,
        example=examples.TRIED,
        description="What would become of it, with dryRun=true",
        success=True,
    )
    def post(self, query: dict[str, Any], body: dict[str, Any], scope: Scope) -> Response:
        """Submit a job

        The job is accepted at once and runs when it is its turn.
        The answer says its position over all tiers, and when it is expected to start.
        With dryRun=true nothing is stored: 200 says where the job would stand, when it would
        start, and which limits it would meet; what is wrong with it is an error as ever. An
        Idempotency-Key is then left to the submission itself.
        """
        if query["dry_run"]:
            refuse_other_use(scope)
            engine = services().engine
            tried = engine.trials.submission(
                scope, to_request(body), by=key().user, now_ms=engine.now_ms()
            )
            return answer(trial_answer(tried))

        def submit(idempotency: Idempotency | None) -> tuple[Response, bool]:
            submitted = services().engine.submit(
                scope,
                to_request(body),
                by=key().user,
                idempotency=idempotency,
                request_id=g.request_id,
            )
            row = submitted_answer(submitted)
            return _accepted(scope, submitted, row, 202), submitted.repeated

        return once(scope, submit)


@blueprint.route(JOB)
class OneJob(MethodView):
    """One job."""

    @blueprint.operation("getJob", role=Role.VIEWER)
    @blueprint.response(200, answers.Job, example=examples.JOB)
    def get(self, scope: Scope, job_id: str) -> Response:
        """Get a job's status

        Every key is there in every status; null means not known or not applicable.
        """
        engine = services().engine
        found = engine.look(scope, known_id(job_id))
        row = job_answer(
            found.job,
            found.estimate,
            found.position,
            now_ms=engine.now_ms(),
            wait=found.wait,
            waited=engine.store.reasons.waited(found.job, now_ms=engine.now_ms()),
        )
        return answer(row)

    @blueprint.operation("cancelJob", role=Role.SUBMITTER, errors=(409,))
    @blueprint.arguments(schemas.CancelQuery, location="query")
    @blueprint.arguments(schemas.CancelRequestBody, required=False, example=examples.CANCEL)
    @blueprint.response(200, answers.CancelledJob, example=examples.CANCELLED)
    @blueprint.alt_response(
        202,
        schema=answers.CancelledJob,
        example=examples.CANCELLING,
        description="Still stopping",
        success=True,
    )
    def delete(
        self, query: dict[str, Any], body: dict[str, Any], scope: Scope, job_id: str
    ) -> Response:
        """Cancel a job

        A queued job ends at once. A running one is asked to stop: 200 means that it has stopped,
        202 that it is still stopping. The body may be left out, or be given as query parameters.
        Changing another user's job needs the role operator.
        """
        job = own_job(scope, job_id)
        wishes = {**query, **body}
        reason = wishes.get("reason")
        cancelled = services().engine.cancel(
            scope,
            job.id,
            by=key().user,
            reason=reason,
            force=wishes.get("force_termination", False),
            preserve=wishes.get("preserve_partial_results", True),
        )
        if cancelled.done and cancelled.job.status is not Status.CANCELLED:
            raise JobNotCancellable(f"The job ended before it could stop: {cancelled.job.status}.")
        row = cancelled_answer(cancelled, by=key().user, reason=reason)
        return answer(row, 200 if cancelled.done else 202)


@blueprint.route("/<string:tenantId>/<string:projectId>/execution/jobs")
class Jobs(MethodView):
    """All jobs of a project."""

    @blueprint.operation("listJobs", role=Role.VIEWER)
    @blueprint.arguments(schemas.JobQuery, location="query")
    @blueprint.response(200, answers.JobList, example=examples.JOB_LIST)
    def get(self, query: dict[str, Any], scope: Scope) -> Response:
        """List a project's jobs

        Newest first. The summary counts the jobs by status under the same filters, leaving the
        status filter and the page aside.
        """
        wanted = JobFilter(
            status=query["status"],
            type=canonical_type(query["job_type"]),
            priority=query["priority"],
            submitted_by=query["submitted_by"],
            created_from_ms=query["date_from"],
            created_to_ms=query["date_to"],
        )
        number, size = query["page"], query["page_size"]
        page = services().engine.jobs(scope, wanted, page=number, page_size=size)
        return answer(
            {
                "jobs": [_row(job) for job in page.jobs],
                "summary": _summary(page),
                "summaryApproximate": page.approximate,
                **page_keys(number, size, page.total),
            }
        )


def _row(job: Job) -> dict[str, Any]:
    completion = None
    if job.status is Status.RUNNING:
        completion = services().engine.estimate(job).completion_ms
    return job_row(job, completion)


def _summary(page: JobPage) -> dict[str, int]:
    counts = {f"{status.lower()}Jobs": page.counts.get(status, 0) for status in Status}
    return {"totalJobs": sum(counts.values()), **counts}


@blueprint.route(f"{JOB}/results")
class Results(MethodView):
    """What a job made."""

    @blueprint.operation("getJobResults", role=Role.VIEWER, errors=(409,))
    @blueprint.arguments(schemas.ResultsQuery, location="query")
    @blueprint.response(200, JobResults, example=examples.RESULTS)
    @blueprint.alt_response(200, description="OK", **FILE)
    def get(self, query: dict[str, Any], scope: Scope, job_id: str) -> Response:
        """Get a job's results

        summary leaves out executionMetrics and qualityMetrics, detailed has all, download answers
        with the primary output's bytes. A failed or cancelled job has results only if partial
        ones were preserved; success is false then.
        """
        job = known_job(scope, job_id)
        if job.status is not Status.COMPLETED and not (job.ended and job.partial_results):
            raise JobNotCompleted(f"The job is {job.status}, so it has no results.")
        if query["format"] is ResultFormat.DOWNLOAD:
            return _download(job, query["output_type"])

        def link(artifact: Artifact) -> str | None:
            return signed_link(scope, artifact) if query["include_artifacts"] else None

        detailed = query["format"] is ResultFormat.DETAILED
        wanted = query["output_type"]
        return answer(results_answer(job, detailed=detailed, wanted=wanted, link=link))


def _download(job: Job, wanted: OutputType | None) -> Response:
    primary = primary_artifact(job)
    if primary is None:
        raise JobNotCompleted("The job made no primary output.")
    if wanted is not None and output_type(primary) is not wanted:
        raise JobNotCompleted(f"The job's primary output is not one of the {wanted}.")
    return download(primary)


@blueprint.route(f"{JOB}/retry")
class Retries(MethodView):
    """A job once more."""

    @blueprint.operation("retryJob", role=Role.SUBMITTER, errors=(409,), idempotent_key=True)
    @blueprint.arguments(schemas.RetryRequest, required=False, example=examples.RETRY)
    @blueprint.response(200, answers.RetriedJob, example=examples.RETRIED, headers={**LOCATION})
    def post(self, body: dict[str, Any], scope: Scope, job_id: str) -> Response:
        """Retry a failed or cancelled job

        Makes a new job of it, with the same settings but for what the body changes. The original
        stays as it is and says what it was retried as. Retrying another user's job needs the
        role operator.
        """

        def retry(idempotency: Idempotency | None) -> tuple[Response, bool]:
            submitted, original = services().engine.retry(
                scope,
                own_job(scope, job_id).id,
                by=key().user,
                idempotency=idempotency,
                request_id=g.request_id,
                **retry_wishes(body),
            )
            row = submitted_answer(submitted) | {
                "originalJobId": original.id,
                "attempt": submitted.spec.retry_number,
                "retryReason": submitted.spec.retry_reason,
            }
            return _accepted(scope, submitted, row, 200), submitted.repeated

        return once(scope, retry)
