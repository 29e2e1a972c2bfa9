"""Workflows over HTTP: graphs of jobs that are submitted, followed, cancelled and retried whole."""

from typing import Any
from uuid import UUID

from flask import Response, g
from flask.views import MethodView

from queueapp.api.auth import key
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.datasets import LOCATION
from queueapp.api.examples import workflows as examples
from queueapp.api.idempotency import once
from queueapp.api.paging import page_keys
from queueapp.api.responses import answer
from queueapp.api.schemas import workflows as schemas
from queueapp.api.schemas.jobs import CancelQuery, CancelRequestBody
from queueapp.api.services import address, services
from queueapp.api.workflow_answer import submitted_row, workflow_row, workflow_view
from queueapp.api.workflow_requests import to_workflow
from queueapp.domain.api_key import Role
from queueapp.domain.errors import Forbidden, JobNotCancellable, NotFound
from queueapp.domain.scope import Scope
from queueapp.domain.states import TERMINAL, Status
from queueapp.domain.workflow import Workflow
from queueapp.engine.workflows import SubmittedWorkflow, Workflows
from queueapp.store.answers import Idempotency

blueprint = ApiBlueprint(
    "Workflows",
    __name__,
    url_prefix="/api/<string:tenantId>/<string:projectId>/execution/workflow",
    description="Submit graphs of jobs, follow, cancel and retry them as a whole.",
)


def workflows() -> Workflows:
    """Return the verbs on workflows."""
    return Workflows(services().engine)


def known_id(workflow_id: str) -> str:
    """Return a workflow's id; one that is no GUID is unknown."""
    try:
        guid = str(UUID(workflow_id))
    except ValueError as error:
        raise NotFound from error
    if guid != workflow_id.lower():
        raise NotFound
    return guid


def _own(scope: Scope, workflow_id: str) -> Workflow:
    """Return a workflow that the key may change: its user's own, or anyone's for an operator."""
    workflow = workflows().get(scope, known_id(workflow_id))
    if workflow.submitted_by != key().user and not key().role.includes(Role.OPERATOR):
        raise Forbidden("Changing another user's workflow needs the role operator.")
    return workflow


def _accepted(scope: Scope, submitted: SubmittedWorkflow) -> Response:
    location = address(scope, "execution", "workflow", submitted.workflow.id)
    return answer(submitted_row(submitted), 202, {"Location": location})


@blueprint.route("")
class AllWorkflows(MethodView):
    """All workflows of a project."""

    @blueprint.operation("listWorkflows", role=Role.VIEWER)
    @blueprint.arguments(schemas.WorkflowQuery, location="query")
    @blueprint.response(200, schemas.WorkflowPage, example=examples.PAGE)
    def get(self, query: dict[str, Any], scope: Scope) -> Response:
        """List a project's workflows

        Newest first. A workflow is Queued until one of its jobs starts, then Running until all
        have ended; it has Failed if one of them has, else it is Cancelled if one of them is.
        """
        number, size = query["page"], query["page_size"]
        found, total = workflows().page(scope, query["status"], page=number, page_size=size)
        rows = [workflow_row(workflow) for workflow in found]
        return answer({"workflows": rows, **page_keys(number, size, total)})

    @blueprint.operation("submitWorkflow", role=Role.SUBMITTER, idempotent_key=True)
    @blueprint.arguments(schemas.WorkflowSubmission, example=examples.SUBMISSION)
    @blueprint.response(
        202, schemas.SubmittedWorkflow, example=examples.SUBMITTED, headers={**LOCATION}
    )
    def post(self, body: dict[str, Any], scope: Scope) -> Response:
        """Submit a workflow

        All of its jobs are accepted or none; each is checked as a single job is, and what is
        wrong is named by the job's place, such as /jobs/3/parameters/threshold.
        """

        def submit(idempotency: Idempotency | None) -> tuple[Response, bool]:
            submitted = workflows().submit(
                scope,
                to_workflow(body),
                by=key().user,
                idempotency=idempotency,
                request_id=g.request_id,
            )
            return _accepted(scope, submitted), submitted.repeated

        return once(scope, submit)


@blueprint.route("/<string:workflowId>")
class OneWorkflow(MethodView):
    """One workflow."""

    @blueprint.operation("getWorkflow", role=Role.VIEWER)
    @blueprint.response(200, schemas.WorkflowView, example=examples.WORKFLOW)
    def get(self, scope: Scope, workflow_id: str) -> Response:
        """Get a workflow with all of its jobs

        Each job with its status, what it waits for and its times; the critical path is the chain
        of jobs that decides when the workflow ends.
        """
        view = workflows().view(scope, known_id(workflow_id))
        return answer(workflow_view(view, now_ms=services().engine.now_ms()))

    @blueprint.operation("cancelWorkflow", role=Role.SUBMITTER, errors=(409,))
    @blueprint.arguments(CancelQuery, location="query")
    @blueprint.arguments(CancelRequestBody, required=False, example=examples.CANCEL)
    @blueprint.response(200, schemas.WorkflowRow, example=examples.CANCELLED)
    @blueprint.alt_response(
        202,
        schema=schemas.WorkflowRow,
        example=examples.CANCELLING,
        description="Still stopping",
        success=True,
    )
    def delete(
        self, query: dict[str, Any], body: dict[str, Any], scope: Scope, workflow_id: str
    ) -> Response:
        """Cancel what of a workflow has not ended

        Queued jobs end at once, running ones are asked to stop: 200 means that all have ended,
        202 that some are still stopping. What has completed stays. The body may be left out, or
        be given as query parameters. Changing another user's workflow needs the role operator.
        """
        workflow = _own(scope, workflow_id)
        wishes = {**query, **body}
        after = workflows().cancel(
            scope,
            workflow.id,
            by=key().user,
            reason=wishes.get("reason"),
            force=wishes.get("force_termination", False),
            preserve=wishes.get("preserve_partial_results", True),
            request_id=g.request_id,
        )
        if after.status is Status.COMPLETED:
            raise JobNotCancellable("The workflow completed before it could be cancelled.")
        return answer(workflow_row(after), 200 if after.status in TERMINAL else 202)


@blueprint.route("/<string:workflowId>/retry")
class Retries(MethodView):
    """A workflow once more, in part."""

    @blueprint.operation("retryWorkflow", role=Role.SUBMITTER, errors=(409,), idempotent_key=True)
    @blueprint.arguments(schemas.WorkflowRetry, required=False, example=examples.RETRY)
    @blueprint.response(
        202, schemas.SubmittedWorkflow, example=examples.RETRIED, headers={**LOCATION}
    )
    def post(self, body: dict[str, Any], scope: Scope, workflow_id: str) -> Response:
        """Retry what of a workflow failed or was cancelled

        Makes a new workflow of these jobs, which wait for each other as before; what completed
        is not run again. A workflow is retried once, then its retry is.
        Retrying another user's workflow needs the role operator.
        """

        def retry(idempotency: Idempotency | None) -> tuple[Response, bool]:
            submitted = workflows().retry(
                scope,
                _own(scope, workflow_id).id,
                by=key().user,
                reason=body["retry_reason"],
                idempotency=idempotency,
                request_id=g.request_id,
            )
            return _accepted(scope, submitted), submitted.repeated

        return once(scope, retry)
