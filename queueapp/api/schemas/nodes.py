"""What the node endpoints take and answer, for parsing and for the API document."""

from marshmallow import fields

from queueapp.api.paging import PageQuery
from queueapp.api.schemas import ResponseSchema
from queueapp.api.schemas.enums import NodeState
from queueapp.api.schemas.fields import Choice, Count, Moment, Note, Real, Stamp


class NodeView(ResponseSchema):
    """A machine of the fleet; what is not known of one that is Offline is null."""

    node_id = Note()
    hostname = Note(metadata={"description": "Several nodes may have the same."})
    status = Choice(NodeState)
    cpu_units = Count(metadata={"description": "What it offers to jobs."})
    memory = Note()
    memory_mb = Count()
    cpu_usage = Real(allow_none=True, metadata={"description": "Percent."})
    memory_usage = Real(allow_none=True, metadata={"description": "Percent."})
    disk_free = Note(allow_none=True, metadata={"description": "Where its jobs write."})
    disk_free_bytes = Count(allow_none=True)
    workers = fields.List(Note(), metadata={"description": "The names of its live workers."})
    slots = Count(allow_none=True)
    active_jobs = Count(allow_none=True)
    pin_capacity = Count(
        allow_none=True, metadata={"description": "Pinned hosts whose sessions it keeps at most."}
    )
    held_hosts = Count(
        allow_none=True, metadata={"description": "Pinned hosts whose sessions it has now."}
    )
    last_heartbeat = Stamp()


class NodePage(ResponseSchema):
    """Nodes by id, those that were lost in the last hour too."""

    nodes = fields.List(fields.Nested(NodeView))
    page = Count()
    page_size = Count()
    has_next_page = fields.Boolean()
    total_count = Count()


class LoadQuery(PageQuery):
    """Which time of a node to look at."""

    date_from = Moment(load_default=None, metadata={"description": "At or after this."})
    date_to = Moment(upper=True, load_default=None, metadata={"description": "At or before this."})


class LoadSample(ResponseSchema):
    """How a node was at one moment."""

    timestamp = Stamp()
    cpu_usage = Real(allow_none=True, metadata={"description": "Percent."})
    memory_usage = Real(allow_none=True, metadata={"description": "Percent."})
    active_jobs = Count()
    slots = Count()
    disk_free_bytes = Count(allow_none=True, metadata={"description": "Where its jobs write."})


class LoadPage(ResponseSchema):
    """A node's load, newest first, a sample a minute for eight days."""

    node_id = Note()
    samples = fields.List(fields.Nested(LoadSample))
    page = Count()
    page_size = Count()
    has_next_page = fields.Boolean()
    total_count = Count()
