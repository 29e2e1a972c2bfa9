"""Figures for Prometheus: of the store, read when asked, and of this process's own answers.

``/metrics`` serves them, and ``/health`` does when a metrics format is accepted. What the store
counts is the same whichever process is asked; what HTTP counts is this process's alone.
"""

import time

from flask import Flask, Response, current_app, g, request
from flask.views import MethodView
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from queueapp.api.auth import key, key_or_none
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.figures import Sight, StoreFigures
from queueapp.api.services import services
from queueapp.domain.api_key import Role
from queueapp.domain.errors import Forbidden

KEPT = "queueapp_metrics"
HTTP_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
NOWHERE = "(none)"
# Anything may be sent as a method; what no route knows is counted as one.
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
OTHER = "(other)"
TEXT = {"type": "string", "format": "binary"}

blueprint = ApiBlueprint("Metrics", __name__, description="Figures for monitoring.")


class HttpMeters:
    """Counts this process's answers by method, route and status."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answers = Counter(
            "queueapp_http_requests",
            "Requests answered by this process.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "queueapp_http_request_seconds",
            "Seconds until the answer was made.",
            ["route"],
            buckets=HTTP_BOUNDS_S,
            registry=self.registry,
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def begin(self) -> None:
        """Note when a request came."""
        g.metered_from = time.perf_counter()

    def note(self, response: Response) -> Response:
        """Count an answer under its route, never under its address: that may be anything."""
        rule = request.url_rule
        method = request.method if request.method in METHODS else OTHER
        answers, seconds = self._of(method, rule.rule if rule else NOWHERE, response.status_code)
        answers.inc()
        began = g.get("metered_from")
        if began is not None:
            seconds.observe(time.perf_counter() - began)
        return response

    def _of(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        """Return what counts such answers, as cheaply as a dictionary gives it."""
        known = self._known.get((method, route, status))
        if known is None:
            answers = self._answers.labels(method, route, str(status))
            known = answers, self._seconds.labels(route)
            self._known[method, route, status] = known
        return known


def metrics_answer() -> Response:
    """Return the figures that the request may see in Prometheus' text format.

    Who is bound to a tenant sees its queues and the fleet; who has no key no tenant by its name.
    """
    engine, asking = services().engine, key_or_none()
    sight = Sight(by_scope=False) if asking is None else Sight(asking.tenant, asking.project)
    registry = CollectorRegistry()
    registry.register(StoreFigures(engine.store, engine.now_ms(), sight))
    body = generate_latest(registry)
    if sight.whole:
        http: HttpMeters = current_app.extensions[KEPT]
        body += generate_latest(http.registry)
    return Response(body, content_type=CONTENT_TYPE_PLAIN_0_0_4)  # which every monitor takes


@blueprint.route("/metrics")
class Metrics(MethodView):
    """The figures for monitoring."""

    @blueprint.operation("getMetrics", role=Role.OPERATOR)
    @blueprint.response(200, TEXT, content_type="text/plain", description="Prometheus' format")
    def get(self) -> Response:
        """Get figures for Prometheus

        Of the store: queues, waits and runs as histograms, attempts, workers, nodes, leases, how
        predictions compared. Of this process: its answers. Needs a key that is not bound to a
        tenant.
        """
        if key().tenant is not None:
            raise Forbidden("This needs a key that is not bound to a tenant: figures are of all.")
        return metrics_answer()


def install_metrics(app: Flask) -> None:
    """Count this process's answers."""
    meters = app.extensions[KEPT] = HttpMeters()
    app.before_request(meters.begin)
    app.after_request(meters.note)
