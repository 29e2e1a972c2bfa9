"""The queue over HTTP: its jobs in order, by pages, whole or one tier of it."""

from typing import Any

from flask import Response
from flask.views import MethodView

from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.examples import queue as examples
from queueapp.api.named_jobs import canonical_type
from queueapp.api.paging import page_keys
from queueapp.api.queue_answer import queue_answer, tier_answer
from queueapp.api.responses import answer
from queueapp.api.schemas import queue as schemas
from queueapp.api.services import services
from queueapp.api.versions import ETAG, queue_tag, tier_tag
from queueapp.domain.api_key import Role
from queueapp.domain.errors import ValidationFailed
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope

blueprint = ApiBlueprint(
    "Queue", __name__, url_prefix="/api", description="The queued jobs of a project, in order."
)
QUEUE = "/<string:tenantId>/<string:projectId>/execution/queue"


@blueprint.route(QUEUE)
class Queue(MethodView):
    """A project's queue."""

    @blueprint.operation("getQueue", role=Role.VIEWER)
    @blueprint.arguments(schemas.QueueQuery, location="query")
    @blueprint.response(200, schemas.QueueStatus, example=examples.QUEUE, headers=ETAG)
    def get(self, query: dict[str, Any], scope: Scope) -> Response:
        """Get a project's queue

        The queued jobs in the order in which they are taken, with the numbers of the whole queue.
        Filters and pages choose jobs; positions and numbers stay as they are. All estimates of
        one answer come from one simulation. The ETag names the versions of all tiers.
        """
        number, size = query["page"], query["page_size"]
        view = services().engine.queues.read(
            scope,
            priority=query["priority"],
            job_type=canonical_type(query["job_type"]),
            offset=(number - 1) * size,
            limit=size,
            estimates=query["include_estimates"],
        )
        body = queue_answer(view) | page_keys(number, size, view.page.matching)
        return answer(body, headers={"ETag": queue_tag(view.page.versions)})


@blueprint.route(f"{QUEUE}/priority/<string:priority>")
class Tier(MethodView):
    """The queued jobs of one priority."""

    @blueprint.operation("getQueueOfPriority", role=Role.VIEWER)
    @blueprint.arguments(schemas.QueuePageQuery, location="query")
    @blueprint.response(200, schemas.TierQueue, example=examples.TIER, headers=ETAG)
    def get(self, query: dict[str, Any], scope: Scope, priority: str) -> Response:
        """Get the queued jobs of one priority

        In order, with their positions in this tier and over all tiers.
        """
        tier = _tier(priority)
        number, size = query["page"], query["page_size"]
        view = services().engine.queues.read(
            scope, priority=tier, offset=(number - 1) * size, limit=size, tier_only=True
        )
        body = tier_answer(view, tier) | page_keys(number, size, view.page.matching)
        return answer(body, headers={"ETag": tier_tag(tier, view.page.versions[tier])})


def _tier(name: str) -> Priority:
    known = {str(priority).lower(): priority for priority in Priority}
    if name.lower() not in known:
        rule = f"It must be one of: {', '.join(Priority)}."
        raise ValidationFailed(f"priority: {rule}", errors=[("/priority", rule)])
    return known[name.lower()]
