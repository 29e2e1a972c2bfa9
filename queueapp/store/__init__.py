"""The only room that talks to Redis or Valkey: keys, scripts and one class per noun.

Every state move is one Lua script; every reader asks for what it shows and no more.
"""

from queueapp.store.api_keys import ApiKeys
from queueapp.store.artifacts import Artifacts
from queueapp.store.attempts import Attempts
from queueapp.store.audit import Audit
from queueapp.store.batches import Batches
from queueapp.store.bottlenecks import Bottlenecks
from queueapp.store.bulk import Bulks
from queueapp.store.clock import StoreClock, server_ms
from queueapp.store.condition import Conditions
from queueapp.store.connect import Client, connect
from queueapp.store.coverage import Coverage
from queueapp.store.datasets import Datasets
from queueapp.store.events import Events
from queueapp.store.figures import Figures
from queueapp.store.fleet import Fleet
from queueapp.store.forecasts import Forecasts
from queueapp.store.glances import Glances
from queueapp.store.history import History
from queueapp.store.jobs import Jobs
from queueapp.store.keys import Keys
from queueapp.store.listing import Listing
from queueapp.store.meters import Meters
from queueapp.store.nodes import Nodes
from queueapp.store.past import Past
from queueapp.store.pauses import Pauses
from queueapp.store.pipelines import Pipelines
from queueapp.store.queue import Queue
from queueapp.store.reasons import Reasons
from queueapp.store.run_times import RunTimes
from queueapp.store.schedules import Schedules
from queueapp.store.scripts import Scripts
from queueapp.store.shown import ShownPredictions
from queueapp.store.survey import Surveys
from queueapp.store.trends import QueueTrends
from queueapp.store.workers import Workers
from queueapp.store.workflows import Workflows


class Store:
    """Everything kept in one Redis or Valkey, by noun."""

    def __init__(self, client: Client, prefix: str = "{queueapp}") -> None:
        self.client = client
        self.keys = Keys(prefix)
        self.scripts = Scripts(client, prefix)
        parts = (client, self.keys, self.scripts)
        self.clock = StoreClock(client)
        self.jobs = Jobs(*parts)
        self.attempts = Attempts(self.keys, self.scripts)
        self.figures = Figures(*parts)
        self.queue = Queue(*parts)
        self.listing = Listing(*parts)
        self.history = History(*parts)
        self.trends = QueueTrends(client, self.keys, self.history)
        self.bottlenecks = Bottlenecks(*parts)
        self.reasons = Reasons(*parts)
        self.glances = Glances(*parts)
        self.shown = ShownPredictions(*parts)
        self.past = Past(*parts)
        self.forecasts = Forecasts(*parts)
        self.run_times = RunTimes(*parts)
        self.coverage = Coverage(*parts)
        self.fleet = Fleet(*parts)
        self.nodes = Nodes(client, self.keys, self.fleet)
        self.workers = Workers(*parts)
        self.condition = Conditions(*parts)
        self.meters = Meters(*parts)
        self.datasets = Datasets(*parts)
        self.pipelines = Pipelines(*parts)
        self.pauses = Pauses(*parts)
        self.surveys = Surveys(*parts)
        self.events = Events(*parts)
        self.artifacts = Artifacts(*parts)
        self.batches = Batches(self.scripts)
        self.bulks = Bulks(*parts)
        self.audit = Audit(*parts)
        self.api_keys = ApiKeys(*parts)
        self.workflows = Workflows(*parts)
        self.schedules = Schedules(*parts)

    def now_ms(self) -> int:
        """Return the server's time, asked for now; ``clock`` is nearly the same for nothing."""
        return server_ms(self.client)


__all__ = ("Client", "Keys", "Store", "connect")
