"""The store with answers that get lost, and callers who ask again.

A command was executed and its answer never came. Callers do as the product does: a script is
repeated by itself once, whoever gets an error asks again. With two answers lost in a row the
script's own repeat is lost too, so that the caller's repeat is tried as well.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest
from dramatiq.errors import ConnectionClosed

from queueapp.consumer import ClaimConsumer, ClaimedMessage, Station
from queueapp.domain.errors import LeaseLost, Unavailable
from queueapp.domain.job import Claim
from queueapp.domain.scope import Scope
from queueapp.store import Store
from queueapp.store.answers import FinishReport
from queueapp.store.audit import AuditFilter
from tests.factories import SCOPE

KEEP_MS = 86_400_000
Result = TypeVar("Result")


def again(act: Callable[[], Result]) -> Result:
    """Do as a caller does who got no answer: ask again."""
    for _ in range(4):
        try:
            return act()
        except Unavailable:
            continue
    return act()


Journey = Callable[["Lossy"], None]


class Lossy:
    """The store as a client sees it through the proxy, and as it is."""

    def __init__(self, store: Store, through: Store) -> None:
        self.real = store
        self.store = through
        self.station = Station(through, worker="w1", slots=2, lease_ms=30_000, finish=self._finish)
        self.consumer = ClaimConsumer(self.station, timeout_s=0.05)

    def _finish(self, held: Claim, told: FinishReport | None) -> None:
        """Commit an attempt as a worker does: a stale one is let go."""
        assert told is not None
        try:
            self.store.attempts.finish(held.job.id, held.epoch, told, max_lost=3, keep_ms=KEEP_MS)
        except LeaseLost:
            return

    def take(self) -> ClaimedMessage:
        """Claim through a real consumer, which is asked again after an error."""
        for _ in range(6):
            try:
                message = next(self.consumer)
            except ConnectionClosed:
                continue
            if message is not None:
                assert [(message.claim.job.id, message.claim.epoch)] == self.station.held()
                return message
        raise AssertionError("the job was never handed out")

    def give(self, message: ClaimedMessage, told: FinishReport) -> None:
        """Acknowledge as Dramatiq does: until it works."""
        message.report = told
        for _ in range(4):
            try:
                return self.consumer.ack(message)
            except ConnectionClosed:
                continue
        raise AssertionError("the end was never accepted")

    def job(self, job_id: str = "job") -> Any:
        """The job as it is."""
        return self.real.jobs.get(SCOPE, job_id)

    def facts(self, job_id: str = "job") -> list[str]:
        """What happened in the life of a job, in order."""
        stream = self.real.client.xrange(self.real.keys("events", SCOPE.key))
        return [fields["kind"] for _, fields in stream if fields["job"] == job_id]

    def ids(self) -> set[str]:
        """The ids of all jobs."""
        return set(self.real.client.zrange(self.real.keys("all", SCOPE.key), 0, -1))

    def trail(self, scope: Scope = SCOPE) -> list[str]:
        """What was written down, newest first."""
        page = self.real.audit.page(scope, AuditFilter(), before=None, limit=100)
        return [one.action for one in page.entries]


def losses(*journeys: Journey, looks: Sequence[Journey] = ()) -> pytest.MarkDecorator:
    """Let a test lose each answer of each journey once, and twice in a row.

    ``looks``: journeys whose caller gets an error after two losses, as he must, and learns what
    happened by looking; of them answers are lost once only.
    """
    cases = [(one, times) for one in journeys for times in (1, 2) if times == 1 or one not in looks]
    return pytest.mark.parametrize(("journey", "times"), cases, ids=_name_of)


def _name_of(value: object) -> str:
    return str(getattr(value, "__name__", value))
