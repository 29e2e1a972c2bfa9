"""Checks answers of concurrent steering against some order of the operations.

The order is that of the scope's event stream. It is replayed on plain lists; each answer names the
tier's version after it, so it can be held against the lists as they were at that moment.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from queueapp.domain.queue import TIERS, Priority
from queueapp.domain.scope import Scope
from queueapp.store import Store


@dataclass(frozen=True)
class Told:
    """One answered operation: when it was asked and answered, and what the answer says."""

    kind: str
    job: str
    begun: float
    ended: float
    facts: dict[str, Any]


@dataclass
class Moment:
    """The queue after an event: the ids of each tier in order."""

    event: dict[str, str]
    tiers: dict[Priority, list[str]]

    def overall(self, job: str) -> int:
        """Return a job's position over all tiers."""
        return [one for tier in TIERS for one in self.tiers[tier]].index(job) + 1


@dataclass
class History:
    """What happened, replayed: ``at`` gives the moment at which a tier had a version."""

    told: Sequence[Told]
    moments: list[Moment] = field(default_factory=list)
    at: dict[tuple[Priority, int], int] = field(default_factory=dict)

    def replay(self, events: Sequence[dict[str, str]]) -> None:
        """Apply the events one after another to plain lists."""
        tiers: dict[Priority, list[str]] = {tier: [] for tier in TIERS}
        versions = dict.fromkeys(TIERS, 0)
        placed = {
            (one.facts["priority"], one.facts["version"]): one.facts["position"]
            for one in self.told
            if one.kind == "priority" and one.facts["before"] != one.facts["priority"]
        }
        self.moments.append(Moment({"kind": "", "job": ""}, {t: [] for t in TIERS}))
        for event in events:
            for tier in self._apply(event, tiers, versions, placed):
                versions[tier] += 1
                self.at[tier, versions[tier]] = len(self.moments)
            self.moments.append(Moment(event, {tier: [*ids] for tier, ids in tiers.items()}))

    @staticmethod
    def _apply(
        event: dict[str, str],
        tiers: dict[Priority, list[str]],
        versions: dict[Priority, int],
        placed: dict[tuple[Priority, int], int],
    ) -> Iterator[Priority]:
        job = event["job"]
        tier = next((one for one, ids in tiers.items() if job in ids), None)
        if event["kind"] == "submitted":
            tier = TIERS[int(event["tier"])]
            tiers[tier].append(job)
            yield tier
        elif event["kind"] == "cancelled":
            assert tier is not None
            tiers[tier].remove(job)
            yield tier
        elif event["kind"] == "moved":
            assert tier is not None
            assert tiers[tier].index(job) + 1 == int(event["from"])
            tiers[tier].remove(job)
            tiers[tier].insert(int(event["to"]) - 1, job)
            yield tier
        elif event["kind"] == "reprioritised":
            old, new = TIERS[int(event["from"])], TIERS[int(event["to"])]
            tiers[old].remove(job)
            tiers[new].insert(placed[new, versions[new] + 1] - 1, job)
            yield old
            yield new

    def check(self) -> None:
        """Assert that every answer fits the replay, and that the order is that of real time."""
        places = [(self._index(one), one) for one in self.told]
        for index, one in places:
            if index is not None:
                getattr(self, f"_check_{one.kind}")(index, one)
        known = [(index, one) for index, one in places if index is not None]
        for index, one in known:
            for other_index, other in known:
                assert not (other.ended < one.begun and other_index > index), (one, other)

    def _index(self, one: Told) -> int | None:
        """Return the moment after which the answer is true; None where it changed nothing."""
        if one.kind in ("submit", "cancel", "pause"):
            names = {"submit": "submitted", "cancel": "cancelled", "pause": "paused"}
            found = [
                index
                for index, moment in enumerate(self.moments)
                if moment.event["kind"] == names[one.kind]
                and one.job in (moment.event["job"], moment.event.get("reason"))
            ]
            assert 1 == len(found), one
            return found[0]
        index = self.at[one.facts["priority"], one.facts["version"]]
        changed = one.facts["overall"] != one.facts["overall_before"]
        changed |= one.facts.get("before") not in (None, one.facts["priority"])
        if changed:
            assert one.job == self.moments[index].event["job"], one
            return index
        assert one.job in self.moments[index].tiers[one.facts["priority"]], one
        return None

    def _check_submit(self, index: int, one: Told) -> None:
        assert one.facts["overall"] == self.moments[index].overall(one.job)

    def _check_cancel(self, index: int, one: Told) -> None:
        assert all(one.job not in ids for ids in self.moments[index].tiers.values())

    def _check_pause(self, index: int, one: Told) -> None:
        assert one.facts["queued"] == sum(map(len, self.moments[index].tiers.values()))

    def _check_priority(self, index: int, one: Told) -> None:
        before, after = self.moments[index - 1], self.moments[index]
        assert one.facts["overall_before"] == before.overall(one.job)
        assert one.facts["overall"] == after.overall(one.job)
        assert one.job in before.tiers[one.facts["before"]]

    def _check_move(self, index: int, one: Told) -> None:
        before, after = self.moments[index - 1], self.moments[index]
        tier, facts = one.facts["priority"], one.facts
        was, now = before.tiers[tier], after.tiers[tier]
        assert facts["position_before"] == was.index(one.job) + 1
        assert facts["position"] == now.index(one.job) + 1 == min(facts["asked"], len(now))
        assert (facts["overall_before"], facts["overall"]) == (
            before.overall(one.job),
            after.overall(one.job),
        )
        others = {job: n for n, job in enumerate(now, 1) if was.index(job) + 1 != n}
        assert dict(facts["affected"]) == {j: n for j, n in others.items() if j != one.job}
        assert facts["affected_count"] == len(others) - 1


def check_history(store: Store, scope: Scope, told: Sequence[Told]) -> History:
    """Replay what happened in a scope, check the answers; return the history."""
    stream = store.client.xrange(store.keys("events", scope.key))
    history = History(told)
    history.replay([fields for _, fields in stream])
    history.check()
    return history
