"""A queue of a chosen length under a prefix of its own, and the verbs measured on it."""

import random
import uuid
from collections.abc import Sequence
from typing import Any

from bench.core.server import Server
from queueapp.domain.fleet import JobTypeInfo, Node, Requirements, Worker
from queueapp.domain.job import Claim, JobSpec
from queueapp.domain.outcome import Outcome
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.domain.states import AttemptEnd
from queueapp.store import Store, connect
from queueapp.store.answers import FinishReport
from queueapp.store.library import library

SCOPE = Scope("bench", "bench")
TYPE = JobTypeInfo("Bench.Nothing", "Does nothing.", {"type": "object"}, (), (), (), ())
NODE = Node("bench-node", "bench", cpu_units=64, memory_mb=65_536)
WORKER = Worker("bench-worker", NODE, pid=1, slots=64, born_ms=0, version="0")
FITS = Requirements(1, 1024)
# Most jobs of a queue wait in its middle tiers.
PRIORITIES = (Priority.NORMAL,) * 6 + (Priority.LOW,) * 2 + (Priority.HIGH, Priority.CRITICAL)
BATCH = 500
KEEP_MS = 86_400_000
DONE = FinishReport.of(Outcome(AttemptEnd.COMPLETED))


class Filling:
    """Stands in for a store's client: calls go out by the batch, their answers are not read.

    It is its own pool and that pool's connection, since this is what script calls go through.
    """

    max_connections = 1

    def __init__(self, client: Any) -> None:
        self.connection_pool = self
        self._wire = client.connection_pool.get_connection()
        self._sock = self._wire._sock
        self._waiting: list[bytes] = []

    def get_connection(self) -> "Filling":
        """Return itself."""
        return self

    def send_packed_command(self, commands: Sequence[bytes], check_health: bool) -> None:
        """Put calls into the batch."""
        self._waiting += commands
        if len(self._waiting) >= BATCH:
            self.flush()

    def read_response(self) -> list[Any]:
        """Answer as submit does."""
        return ["new", "", 0, 0, 0]

    def flush(self) -> None:
        """Send the batch."""
        self._wire.send_packed_command(self._waiting)
        for _ in self._waiting:
            self._wire.read_response()
        self._waiting.clear()


class Queue:
    """Queued jobs of one scope, and a worker that runs nothing of what it claims."""

    def __init__(self, server: Server, name: str, *, seed: int = 7) -> None:
        self.name = name
        self.server = server
        self.prefix = f"{{{name}}}"
        self.store = Store(connect(server.url, name="bench"), self.prefix)
        self.ids: list[str] = []
        self.claims: list[Claim] = []
        self._gone: set[str] = set()
        self._dice = random.Random(seed)
        self.store.fleet.register(WORKER, [TYPE])

    def fill(self, jobs: int, **changes: Any) -> None:
        """Queue jobs through the submit script itself."""
        self.server.client.function_load(library().source, replace=True)
        filling = Filling(self.server.client)
        store = Store(filling, self.prefix)
        for _ in range(jobs):
            self.ids.append(self._submit(store, **changes))
        filling.flush()

    def ping(self) -> None:
        """Ask for nothing."""
        self.server.client.ping()

    def submit(self) -> None:
        """Submit a job."""
        self.ids.append(self._submit(self.store))

    def claim(self) -> None:
        """Claim the best job, or park when none fits."""
        claim = self.store.attempts.claim(WORKER.name, operation=uuid.uuid4().hex, lease_ms=30_000)
        if claim is not None:
            self.claims.append(claim)
            self._gone.add(claim.job.id)

    def finish(self) -> None:
        """End the job that was claimed last."""
        claim = self.claims.pop()
        self.store.attempts.finish(claim.job.id, claim.epoch, DONE, max_lost=3, keep_ms=KEEP_MS)

    def position(self) -> None:
        """Ask for the position of some job."""
        self.store.jobs.position(SCOPE, self._any())

    def move(self) -> None:
        """Move some job to some place of its tier."""
        place = self._dice.randint(1, len(self.ids) // 20)
        self.store.queue.move(SCOPE, self._any(), position=place, clip=True)

    def reprioritise(self) -> None:
        """Give some job some priority."""
        self.store.queue.reprioritise(SCOPE, self._any(), self._dice.choice(PRIORITIES))

    def cancel(self) -> None:
        """Cancel some job."""
        job = self._any()
        self._gone.add(job)
        self.store.jobs.cancel(
            SCOPE, job, by="bench", reason=None, force=False, preserve=False, keep_ms=KEEP_MS
        )

    def catch_up(self) -> int:
        """Do what upkeep does for changes of single jobs; return for how many."""
        return int(self.store.scripts.call("catch_up", scope=None, limit=BATCH))

    def _any(self) -> str:
        while (job := self._dice.choice(self.ids)) in self._gone:
            continue
        return job

    def _submit(self, store: Store, **changes: Any) -> str:
        plain = {
            "name": "nothing",
            "type": TYPE.name,
            "priority": self._dice.choice(PRIORITIES),
            "submitted_by": "bench",
            "requirements": FITS,
        }
        spec = JobSpec(id=str(uuid.uuid4()), scope=SCOPE, **{**plain, **changes})
        store.jobs.submit(spec, max_queued=10**9)
        return spec.id
