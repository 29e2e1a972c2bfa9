"""What tests of estimates share: an outlook at one moment, what it tells, jobs that ran."""

from queueapp.domain.audit import Act
from queueapp.domain.fleet import Node
from queueapp.domain.outcome import Usage
from queueapp.foresight.outlook import Outlook
from queueapp.store import Store
from tests.factories import SCOPE, claim, finish, submit

MINUTE = 60_000
T0 = 1_000 * MINUTE
ANN = Act("ann")
TIMEOUT = 120 * MINUTE
ONE_SLOT = Node("node-1", "host-1", cpu_units=1, memory_mb=16_384)


def outlook(store: Store, now_ms: int = T0) -> Outlook:
    """Return an outlook at one moment."""
    return Outlook(store, now_ms=lambda: now_ms)


def starts(store: Store, now_ms: int = T0) -> list[float | None]:
    """Return the starts of all queued jobs, in order."""
    return [found.start_ms for found in outlook(store, now_ms).starts(SCOPE, 1, 10_000)]


def run_for(store: Store, minutes: int, *, times: int = 1) -> None:
    """Let jobs complete that ran for ``minutes`` and wrote as many MiB, and end at T0."""
    for _ in range(times):
        begun = T0 - minutes * MINUTE
        submit(store, now_ms=begun)
        held = claim(store, now_ms=begun)
        assert held is not None
        usage = Usage(written_bytes=minutes << 20)
        finish(store, held, changes={"bases": ("t/Sleep", "p"), "usage": usage}, now_ms=T0)
