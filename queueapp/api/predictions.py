"""What a queue is expected to be like, over HTTP."""

from typing import Any

from flask import Response
from flask.views import MethodView

from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.examples import predictions as examples
from queueapp.api.named_jobs import canonical_type
from queueapp.api.predictions_answer import PERIODS, accuracy_answer, predictions_answer
from queueapp.api.responses import answer
from queueapp.api.schemas.predictions import (
    PredictionAccuracy,
    PredictionsQuery,
    QueuePredictions,
)
from queueapp.api.services import services
from queueapp.domain.api_key import Role
from queueapp.domain.rollup import DAY_MS
from queueapp.domain.scope import Scope

blueprint = ApiBlueprint(
    "Predictions", __name__, url_prefix="/api", description="What a queue is expected to be like."
)
PREDICTIONS = "/<string:tenantId>/<string:projectId>/execution/queue/predictions"


@blueprint.route(PREDICTIONS)
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
        engine = services().engine
        found = engine.predictions.look(scope, query["horizon"], kind=kind)
        if found.sampled:
            engine.report_card.predicted(scope, found)
        return answer(predictions_answer(found, kind=kind, advise=query["include_recommendations"]))


@blueprint.route(f"{PREDICTIONS}/accuracy")
class Accuracy(MethodView):
    """How good predictions were."""

    @blueprint.operation("getPredictionAccuracy", role=Role.VIEWER)
    @blueprint.response(200, PredictionAccuracy, example=examples.ACCURACY)
    def get(self, scope: Scope) -> Response:
        """Compare predictions with what came

        Some of the predictions that were shown are remembered, and compared when what they are
        about has come: whether the shown range held, and how far off the shown value was, over the
        last 7 and 30 days, by how far ahead they looked. A start was told as the moment by which a
        job should have begun, so its range begins at once.
        """
        engine = services().engine
        now = engine.now_ms()
        since = now - max(PERIODS) * DAY_MS
        found = engine.store.shown.compared(scope, since_ms=since, now_ms=now)
        return answer(accuracy_answer(found, now))
