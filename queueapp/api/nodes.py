"""Nodes over HTTP: the machines of the fleet, and how their load was.

The fleet is shared, so its load is everybody's knowledge; which jobs run is not told here.
"""

from typing import Any

from flask import Response
from flask.views import MethodView

from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.examples import nodes as examples
from queueapp.api.paging import PageQuery, page_keys
from queueapp.api.responses import answer
from queueapp.api.schemas.nodes import LoadPage, LoadQuery, NodePage
from queueapp.api.services import services
from queueapp.api.system_answer import node_state
from queueapp.domain.api_key import Role
from queueapp.domain.errors import NotFound
from queueapp.domain.fleet import NodeLoad, NodeStatus, WorkerStatus
from queueapp.domain.text import size, timestamp

blueprint = ApiBlueprint(
    "Nodes", __name__, url_prefix="/api/nodes", description="The machines that run jobs."
)


@blueprint.route("")
class NodeList(MethodView):
    """All nodes."""

    @blueprint.operation("listNodes", role=Role.VIEWER)
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, NodePage, example=examples.PAGE)
    def get(self, query: dict[str, Any]) -> Response:
        """List the nodes

        By id, with what they offer and their newest figures; one that was lost is listed as
        Offline for an hour.
        """
        store, now_ms = services().engine.store, services().engine.now_ms()
        found, workers = store.nodes.all(now_ms=now_ms), store.workers.all()
        live = [one for one in workers if one.live(now_ms)]
        first = (query["page"] - 1) * query["page_size"]
        shown = found[first : first + query["page_size"]]
        rows = [node_row(node, live) for node in shown]
        return answer({"nodes": rows, **page_keys(**query, total=len(found))})


@blueprint.route("/<string:nodeId>/load")
class Load(MethodView):
    """How a node's load was."""

    @blueprint.operation("getNodeLoad", role=Role.VIEWER)
    @blueprint.arguments(LoadQuery, location="query")
    @blueprint.response(200, LoadPage, example=examples.LOAD)
    def get(self, query: dict[str, Any], node_id: str) -> Response:
        """Get a node's load

        A sample a minute, newest first, kept for eight days and so beyond the node's own end.
        """
        samples = services().engine.store.nodes.loads(node_id)
        if not samples and not _listed(node_id):
            raise NotFound
        from_ms, to_ms = query.pop("date_from"), query.pop("date_to")
        found = [
            one
            for one in samples
            if (from_ms is None or one.at_ms >= from_ms) and (to_ms is None or one.at_ms <= to_ms)
        ]
        first = (query["page"] - 1) * query["page_size"]
        rows = [_load_row(one) for one in found[first : first + query["page_size"]]]
        keys = page_keys(**query, total=len(found))
        return answer({"nodeId": node_id, "samples": rows, **keys})


def _listed(node_id: str) -> bool:
    engine = services().engine
    known = engine.store.nodes.all(now_ms=engine.now_ms())
    return node_id in {one.node.id for one in known}


def node_row(status: NodeStatus, live: list[WorkerStatus]) -> dict[str, Any]:
    """Return a node with its live workers; its figures are null while it is Offline."""
    node, sample = status.node, status.sample
    disk = sample.disk_free_bytes
    return {
        "nodeId": node.id,
        "hostname": node.hostname,
        "status": str(node_state(status)),
        "cpuUnits": node.cpu_units,
        "memory": size(node.memory_mb << 20),
        "memoryMb": node.memory_mb,
        "cpuUsage": sample.cpu_percent if status.live else None,
        "memoryUsage": sample.memory_percent if status.live else None,
        "diskFree": size(disk) if status.live and disk is not None else None,
        "diskFreeBytes": disk if status.live else None,
        "workers": [one.worker.name for one in live if one.worker.node.id == node.id],
        "slots": status.slots if status.live else None,
        "activeJobs": status.active_jobs if status.live else None,
        "pinCapacity": node.pin_capacity,
        "heldHosts": status.held_hosts if status.live else None,
        "lastHeartbeat": timestamp(status.last_heartbeat_ms),
    }


def _load_row(load: NodeLoad) -> dict[str, Any]:
    return {
        "timestamp": timestamp(load.at_ms),
        "cpuUsage": load.cpu_percent,
        "memoryUsage": load.memory_percent,
        "activeJobs": load.active_jobs,
        "slots": load.slots,
        "diskFreeBytes": load.disk_free_bytes,
    }
