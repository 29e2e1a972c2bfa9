"""Write a realistic order-to-cash log with known defects, for demonstrations and tests.

The same arguments always give the same bytes. The returned facts say what a full cleaning
must find, so the readers and the cleaning can be proved without data from elsewhere.
"""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from random import Random

from queueapp.eventlog.order_to_cash import ATTRIBUTES, Event, simulate

HEADER = ("case_id", "activity", "timestamp", "resource", "role", *ATTRIBUTES)
_START = date(2025, 1, 6)
#: How one careless source writes three of the activities.
_MISLABELLED = {
    "Ship goods": "ship goods ",
    "Send invoice": "Send  invoice",
    "Receive payment": "RECEIVE PAYMENT",
}
_UNREADABLE = (
    "not a date",
    "????",
    "2025-13-45 10:00",
    "32/01/2025",
    "n/a",
    "2025-02-30T10:00:00Z",
)


@dataclass(frozen=True)
class SampleFacts:
    """What the file holds: its defects, and what a full cleaning leaves."""

    total_records: int
    valid_records: int
    exact_duplicates: int
    blank_cases: int
    blank_activities: int
    blank_times: int
    unreadable_times: int
    inferable_times: int
    label_variants: int
    cases: int
    activities: int
    variants: int
    first_event: datetime
    last_event: datetime

    @property
    def invalid_records(self) -> int:
        """Records that no repair can save."""
        return self.blank_cases + self.blank_activities + self.blank_times + self.unreadable_times


def write_sample_log(
    path: Path, *, seed: int = 1, cases: int = 2_000, start: date = _START
) -> SampleFacts:
    """Write the log as CSV in the order of time and return the facts about it.

    `cases` is the number of orders, at least 50 so that every defect finds room.
    """
    if cases < 50:
        raise ValueError("a sample log needs at least 50 cases")
    rng = Random(seed)
    orders = simulate(rng, cases=cases, start=start)
    dirt = _Dirt(rng, orders)
    records = dirt.records()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(records)
    return dirt.facts(len(records))


class _Dirt:
    """Choose which events suffer which defect; no event suffers two."""

    def __init__(self, rng: Random, orders: list[list[Event]]) -> None:
        self._rng = rng
        self._orders = orders
        self._events = sorted(
            (event for order in orders for event in order), key=lambda event: event.time
        )
        n_events = len(self._events)
        self._inner = [event for order in orders for event in order[1:-1:2]]
        rng.shuffle(self._inner)
        self._blanked = self._take(self._inner, n_events // 170)
        others = rng.sample(self._events, n_events)
        untouched = [event for event in others if event not in self._blanked]
        self._repeated = self._take(untouched, n_events // 110)
        mislabelled = [event for event in untouched if event.activity in _MISLABELLED]
        self._relabelled = self._take(mislabelled, n_events // 300)
        untouched = [event for event in untouched if event not in self._relabelled]
        self._renoted = self._take(untouched, n_events // 30)
        self._extra = max(n_events // 1_500, 2)

    @staticmethod
    def _take(events: list[Event], number: int) -> set[Event]:
        return {events.pop() for _ in range(number)}

    def records(self) -> list[list[str]]:
        """Return the file's records: the true events with their defects, and unusable extras."""
        records = []
        for event in self._events:
            record = self._written(event)
            records.append(record)
            if event in self._repeated:
                records.append(record)
        for extra in self._unusable():
            records.insert(self._rng.randrange(len(records) + 1), extra)
        return records

    def facts(self, total: int) -> SampleFacts:
        return SampleFacts(
            total_records=total,
            valid_records=len(self._events),
            exact_duplicates=len(self._repeated),
            blank_cases=self._extra,
            blank_activities=self._extra,
            blank_times=self._extra,
            unreadable_times=self._extra,
            inferable_times=len(self._blanked),
            label_variants=len(self._relabelled),
            cases=sum(1 for order in self._orders if order),
            activities=len({event.activity for event in self._events}),
            variants=len({tuple(event.activity for event in order) for order in self._orders}),
            first_event=_utc(self._events[0].time),
            last_event=_utc(self._events[-1].time),
        )

    def _written(self, event: Event) -> list[str]:
        if event in self._blanked:
            return _record(event, when="")
        if event in self._relabelled:
            return _record(event, activity=_MISLABELLED[event.activity])
        if event in self._renoted:
            return _record(event, when=self._rng.choice(_NOTATIONS)(event.time))
        return _record(event)

    def _unusable(self) -> Iterable[list[str]]:
        """Yield records of cases of their own, so that no true case changes."""
        models = self._rng.sample(self._events, 4 * self._extra)
        for number in range(self._extra):
            no_case, no_activity, no_time, bad_time = models[4 * number : 4 * number + 4]
            yield _record(no_case, case="")
            yield _record(no_activity, case=f"draft-a{number}", activity=" " * (number % 2))
            yield _record(no_time, case=f"draft-b{number}", when="")
            unreadable = _UNREADABLE[number % len(_UNREADABLE)]
            yield _record(bad_time, case=f"draft-c{number}", when=unreadable)


def _record(
    event: Event,
    *,
    case: str | None = None,
    activity: str | None = None,
    when: str | None = None,
) -> list[str]:
    return [
        event.case if case is None else case,
        event.activity if activity is None else activity,
        f"{event.time:%Y-%m-%dT%H:%M:%SZ}" if when is None else when,
        event.resource,
        event.role,
        *event.attributes,
    ]


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


_EAST = timezone(timedelta(hours=2))
#: Other ways to write the same instant.
_NOTATIONS: tuple[Callable[[datetime], str], ...] = (
    lambda moment: _utc(moment).astimezone(_EAST).isoformat(),
    lambda moment: f"{moment:%Y-%m-%d %H:%M:%S}",
    lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S.000Z}",
    lambda moment: f"{moment:%d/%m/%Y %H:%M:%S}",
    lambda moment: f"{_utc(moment).timestamp():.0f}",
)
