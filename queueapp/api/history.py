"""The history of a queue over HTTP."""

from typing import Any

from flask import Response
from flask.views import MethodView

from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.examples import history as examples
from queueapp.api.history_answer import Looked, history_answer
from queueapp.api.responses import answer
from queueapp.api.schemas.history import HistoryQuery, QueueHistory, metrics_of
from queueapp.api.services import services
from queueapp.domain.api_key import Role
from queueapp.domain.periods import Aggregation, Period, buckets, changes, period
from queueapp.domain.rollup import Rollup, total
from queueapp.domain.scope import Scope
from queueapp.store.history import History, Present

blueprint = ApiBlueprint(
    "History", __name__, url_prefix="/api", description="How a queue has been, and why."
)


@blueprint.route("/<string:tenantId>/<string:projectId>/execution/queue/history")
class Past(MethodView):
    """How a queue has been."""

    @blueprint.operation("getQueueHistory", role=Role.VIEWER)
    @blueprint.arguments(HistoryQuery, location="query")
    @blueprint.response(200, QueueHistory, example=examples.HISTORY)
    def get(self, query: dict[str, Any], scope: Scope) -> Response:
        """Get a queue's history

        Exact, by hour, day or ISO week of UTC: kept with every change of the queue, not sampled.
        Waits run from when a job could have started. Hours are kept for 90 days, days for as long
        as the installation says. waitReasons beside paused, scheduled and dependent jobs, and
        bottlenecks, are seen every few seconds.
        """
        found = _looked(scope, query["date_from"], query["date_to"], query["aggregation"])
        return answer(history_answer(found, metrics_of(query["metrics"])))


def _looked(
    scope: Scope, from_ms: int | None, to_ms: int | None, aggregation: Aggregation
) -> Looked:
    store, config = services().engine.store, services().config
    present = store.history.present(scope)
    kept = store.history.kept(keep_ms=config.history_ms, now_ms=present.now_ms)
    wanted = period(from_ms, to_ms, aggregation, kept=kept, now_ms=present.now_ms)
    stretches = _stretches(store.history, scope, wanted, present)
    earlier = wanted.before(kept)
    began = store.history.began_ms(scope)
    if earlier is None or began is None or began > earlier.start_ms + earlier.length_ms / 5:
        before = None
    else:
        before = total(_stretches(store.history, scope, earlier, present))
    whole = total(stretches)
    return Looked(
        period=wanted,
        whole=whole,
        buckets=buckets(stretches, aggregation),
        changes=changes(whole, before),
        bottlenecks=store.bottlenecks.between(scope, wanted.start_ms, wanted.end_ms),
    )


def _stretches(history: History, scope: Scope, wanted: Period, present: Present) -> list[Rollup]:
    read = history.hours if wanted.aggregation is Aggregation.HOUR else history.span
    return read(scope, wanted.start_ms, wanted.end_ms, present=present)
