"""The system status over HTTP: the fleet and a tenant's queues at a glance."""

from flask import Response
from flask.views import MethodView

from queueapp.api.auth import key
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.examples import system as examples
from queueapp.api.responses import answer
from queueapp.api.schemas.system import SystemStatus
from queueapp.api.services import services
from queueapp.api.system_answer import blind_answer, system_answer
from queueapp.domain.api_key import Role
from queueapp.domain.errors import Unavailable

blueprint = ApiBlueprint(
    "System", __name__, url_prefix="/api", description="How the fleet is and what it does."
)


@blueprint.route("/<string:tenantId>/execution/system/status")
class Status(MethodView):
    """The fleet and a tenant's queues."""

    @blueprint.operation("getSystemStatus", role=Role.VIEWER)
    @blueprint.response(200, SystemStatus, example=examples.STATUS)
    def get(self, tenant: str) -> Response:
        """Get the system's execution status

        Nodes are shared by all tenants; the queue's figures are the tenant's own, for a key that
        is bound to a project those of its project.
        Healthy: no node was lost; one whose workers were stopped on purpose is Offline, no loss.
        Degraded: one was lost, or every slot is busy and jobs wait over half an hour.
        Unhealthy: no live node, or the store cannot be read.
        """
        engine = services().engine
        try:
            row = system_answer(engine.system.of(tenant, project=key().project))
        except Unavailable:
            row = blind_answer(engine.now_ms())
        return answer(row)
