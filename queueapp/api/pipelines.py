"""Pipelines over HTTP: named defaults that jobs are submitted with."""

import uuid
from typing import Any

from flask import Response
from flask.views import MethodView

from queueapp.api.acts import acting
from queueapp.api.auth import key
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.datasets import LOCATION, REPLAYED
from queueapp.api.examples import pipelines as examples
from queueapp.api.idempotency import once
from queueapp.api.paging import page_keys
from queueapp.api.responses import answer
from queueapp.api.schemas.audit import DeletionQuery
from queueapp.api.schemas.datasets import ListPageQuery
from queueapp.api.schemas.pipelines import (
    PipelinePage,
    PipelineRequest,
    PipelineView,
    pipeline_of,
    pipeline_view,
)
from queueapp.api.services import address, services
from queueapp.domain.api_key import Role
from queueapp.domain.dataset import Pipeline
from queueapp.domain.scope import Scope
from queueapp.store.answers import Idempotency
from queueapp.store.pipelines import Pipelines as StoredPipelines

blueprint = ApiBlueprint(
    "Pipelines",
    __name__,
    url_prefix="/api/<string:tenantId>/<string:projectId>/pipelines",
    description="Named defaults for jobs: requirements, time limit, stages.",
)


@blueprint.route("")
class Pipelines(MethodView):
    """All pipelines of a project."""

    @blueprint.operation("listPipelines", role=Role.VIEWER)
    @blueprint.arguments(ListPageQuery, location="query")
    @blueprint.response(200, PipelinePage, example=examples.PIPELINE_LIST)
    def get(self, query: dict[str, Any], scope: Scope) -> Response:
        """List a project's pipelines

        Newest first.
        """
        found, total = pipelines().page(scope, query["page"], query["page_size"])
        rows = [pipeline_view(pipeline) for pipeline in found]
        return answer({"pipelines": rows, **page_keys(**query, total=total)})

    @blueprint.operation("createPipeline", role=Role.SUBMITTER, idempotent_key=True)
    @blueprint.arguments(PipelineRequest, example=examples.PUT)
    @blueprint.response(
        201, PipelineView, example=examples.PIPELINE, headers={**LOCATION, **REPLAYED}
    )
    def post(self, body: dict[str, Any], scope: Scope) -> Response:
        """Create a pipeline

        The server chooses its id.
        """
        pipeline = pipeline_of(body, pipeline_id=str(uuid.uuid4()), by=key().user)

        def create(idempotency: Idempotency | None) -> tuple[Response, bool]:
            made, repeated = pipelines().create(scope, pipeline, acting(), idempotency=idempotency)
            return _shown(scope, made, 201), repeated

        return once(scope, create)


@blueprint.route("/<string:pipelineId>")
class OnePipeline(MethodView):
    """One pipeline of a project."""

    @blueprint.operation("getPipeline", role=Role.VIEWER)
    @blueprint.response(200, PipelineView, example=examples.PIPELINE)
    def get(self, scope: Scope, pipeline_id: str) -> Response:
        """Get a pipeline"""
        return answer(pipeline_view(pipelines().get(scope, pipeline_id)))

    @blueprint.operation("putPipeline", role=Role.SUBMITTER)
    @blueprint.arguments(PipelineRequest, example=examples.PUT)
    @blueprint.response(200, PipelineView, example=examples.PIPELINE, headers={**LOCATION})
    @blueprint.alt_response(
        201,
        schema=PipelineView,
        example=examples.PIPELINE,
        headers={**LOCATION},
        description="A new pipeline",
        success=True,
    )
    def put(self, body: dict[str, Any], scope: Scope, pipeline_id: str) -> Response:
        """Create or replace a pipeline under a chosen id

        201 for a new one, 200 for one that is replaced; the same again changes nothing.
        """
        pipeline = pipeline_of(body, pipeline_id=pipeline_id, by=key().user)
        put = pipelines().put(scope, pipeline, act=acting())
        return _shown(scope, put.record, 201 if put.how == "new" else 200)

    @blueprint.operation("deletePipeline", role=Role.SUBMITTER)
    @blueprint.arguments(DeletionQuery, location="query")
    @blueprint.response(204)
    def delete(self, query: dict[str, Any], scope: Scope, pipeline_id: str) -> Response:
        """Delete a pipeline

        Jobs keep what they were submitted with.
        """
        pipelines().delete(scope, pipeline_id, act=acting(query["reason"]))
        return Response(status=204)


def pipelines() -> StoredPipelines:
    """Return the pipelines of the store; nothing has to be decided about them."""
    return services().engine.store.pipelines


def _shown(scope: Scope, pipeline: Pipeline, status: int) -> Response:
    location = address(scope, "pipelines", pipeline.id)
    return answer(pipeline_view(pipeline), status, {"Location": location})
