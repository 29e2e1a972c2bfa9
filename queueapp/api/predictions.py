"""What a queue is expected to be like, over HTTP."""

from typing import Any

from flask import Response
from flask.views import MethodView

from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.examples import predictions as examples
from queueapp.api.named_jobs import canonical_type
from queueapp.api.predictions_answer import predictions_answer
from queueapp.api.responses import answer
from queueapp.api.schemas.predictions import PredictionsQuery, QueuePredictions
from queueapp.api.services import services
from queueapp.domain.api_key import Role
from queueapp.domain.scope import Scope

blueprint = ApiBlueprint(
    "Predictions", __name__, url_prefix="/api", description="What a queue is expected to be like."
)


@blueprint.route("/<string:tenantId>/<string:projectId>/execution/queue/predictions")
class Future(MethodView):
    """What a queue is expected to be like."""

    @blueprint.operation("getQueuePredictions", role=Role.VIEWER)
    @blueprint.arguments(PredictionsQuery, location="query")
    @blueprint.response(200, QueuePredictions, example=examples.PREDICTIONS)
    def get(self, query: dict[str, Any], scope: Scope) -> Response:
        """Predict a queue's next hours

        A forecast that workers make at most every ten minutes, brought up to what the queue is
        now: one point for each whole hour of UTC. Where none was made yet, guesses with wide
        ranges and little confidence stand in, and modelInfo says so. Advice comes from simulating
        what would change, and there is none where nothing helps.
        """
        kind = canonical_type(query["job_type"])
        found = services().engine.predictions.look(scope, query["horizon"], kind=kind)
        return answer(predictions_answer(found, kind=kind, advise=query["include_recommendations"]))
