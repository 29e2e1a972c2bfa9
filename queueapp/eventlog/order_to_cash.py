"""Simulate an order-to-cash process: the true events behind the sample log.

Used by the sample generator only; knows nothing of files or of dirt.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from queueapp.eventlog.office_hours import after_work, into_office_hours

_DAYS_OF_ARRIVALS = 175
_DAYS_AFTER_LAST_ARRIVAL = 75

_ROLES = {
    "Sales": ["Anna Vos", "Bram Kok", "Chiara Neri", "David Okafor", "Elif Kaya"],
    "Credit control": ["Femke Jansen", "Goran Ilic"],
    "Management": ["Hana Sato", "Ivan Petrov"],
    "Warehouse": ["Jonas Berg", "Karim Haddad", "Lucía Gómez", "Mika Laine", "Noor Visser"],
    "Shipping": ["Omar Said", "Petra Novak"],
    "Accounting": ["Quinn Murphy", "Rosa Silva", "Sven Holm"],
    "System": ["ERP"],
}


@dataclass(frozen=True)
class Step:
    """An activity: who does it, and the median office hours it waits for."""

    activity: str
    role: str
    wait_hours: float


@dataclass(frozen=True)
class Event:
    """One true event of one order."""

    case: str
    activity: str
    time: datetime
    resource: str
    role: str
    attributes: tuple[str, ...]


ATTRIBUTES = ("channel", "customer", "region", "amount")

_CREATE = Step("Create order", "Sales", 0)
_CREDIT = Step("Check credit", "Credit control", 5)
_CHANGE = Step("Change order", "Sales", 9)
_APPROVE = Step("Approve order", "Management", 12)
_REJECT = Step("Reject order", "Management", 14)
_CANCEL = Step("Cancel order", "Sales", 10)
_PICK = Step("Pick goods", "Warehouse", 7)
_SHORTAGE = Step("Report shortage", "Warehouse", 2)
_RESTOCK = Step("Receive replenishment", "Warehouse", 25)
_PACK = Step("Pack goods", "Warehouse", 2)
_REPACK = Step("Correct packing", "Warehouse", 3)
_SHIP = Step("Ship goods", "Shipping", 5)
_INVOICE = Step("Send invoice", "Accounting", 4)
_REMIND = Step("Send payment reminder", "System", 140)
_PAY = Step("Receive payment", "Accounting", 110)
_PAY_LATE = Step("Receive payment", "Accounting", 40)
_WRITE_OFF = Step("Write off debt", "Management", 150)
_RETURN = Step("Receive return", "Warehouse", 60)
_CREDIT_NOTE = Step("Issue credit note", "Accounting", 8)


def simulate(rng: Random, *, cases: int, start: date) -> list[list[Event]]:
    """Return the events of each order in time order; each order's times differ.

    All orders arrive within half a year of `start`; what happens too late is not yet recorded,
    so a few orders are still open.
    """
    begin = datetime.combine(start, time())
    end = begin + timedelta(days=_DAYS_OF_ARRIVALS + _DAYS_AFTER_LAST_ARRIVAL)
    arrivals = sorted(rng.uniform(0, _DAYS_OF_ARRIVALS * 86_400) for _ in range(cases))
    orders = []
    for number, seconds in enumerate(arrivals, 1):
        arrival = begin + timedelta(seconds=int(seconds))
        order = _order(rng, f"SO-{start.year}-{number:06}", arrival)
        orders.append([event for event in order if event.time < end])
    return orders


def _order(rng: Random, case: str, arrival: datetime) -> Iterator[Event]:
    channel = rng.choices(["Web shop", "EDI", "Telephone", "Sales visit"], [55, 25, 14, 6])[0]
    amount = round(rng.lognormvariate(7.2, 1.1), 2)
    attributes = (
        channel,
        f"C{min(int(rng.paretovariate(0.9)), 400):04}",
        rng.choice(["North", "South", "East", "West"]),
        f"{amount:.2f}",
    )
    now = arrival if channel in ("Web shop", "EDI") else into_office_hours(arrival)
    for step in _path(rng, channel, amount):
        if step.wait_hours:
            now = after_work(now, step.wait_hours * rng.lognormvariate(0, 0.6) + 0.02)
        role = "System" if step is _CREATE and channel in ("Web shop", "EDI") else step.role
        yield Event(case, step.activity, now, rng.choice(_ROLES[role]), role, attributes)
        now = now + timedelta(seconds=rng.randint(61, 900))


def _path(rng: Random, channel: str, amount: float) -> Iterator[Step]:
    """Choose what happens to an order; larger and spoken orders take more turns."""
    yield _CREATE
    yield _CREDIT
    while rng.random() < (0.16 if channel in ("Telephone", "Sales visit") else 0.05):
        yield _CHANGE
        yield _CREDIT
    if amount > 4_000:
        if rng.random() < 0.08:
            yield _REJECT
            return
        yield _APPROVE
    if rng.random() < 0.03:
        yield _CANCEL
        return
    invoice_first = rng.random() < 0.15
    if invoice_first:
        yield _INVOICE
    yield from _delivery(rng)
    if not invoice_first:
        yield _INVOICE
    yield from _settlement(rng)


def _delivery(rng: Random) -> Iterator[Step]:
    yield _PICK
    while rng.random() < 0.09:
        yield _SHORTAGE
        yield _RESTOCK
        yield _PICK
    yield _PACK
    if rng.random() < 0.05:
        yield _REPACK
        yield _PACK
    yield _SHIP


def _settlement(rng: Random) -> Iterator[Step]:
    if rng.random() < 0.04:
        yield _RETURN
        yield _CREDIT_NOTE
        return
    if rng.random() < 0.75:
        yield _PAY
        return
    for _ in range(3):
        yield _REMIND
        if rng.random() < 0.7:
            yield _PAY_LATE
            return
    yield _WRITE_OFF
