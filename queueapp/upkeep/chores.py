"""What has to be done from time to time: one function per chore, each safe to repeat."""

from collections.abc import Callable
from dataclasses import dataclass

from queueapp.config import Config
from queueapp.domain.fleet import OFFLINE_LISTED_MS
from queueapp.domain.scope import Scope
from queueapp.store import Store
from queueapp.upkeep.watching import EVERY_S, Watching

BATCH = 200
DEAD_LISTED_MS = 600_000
LIBRARY_KEPT_MS = 86_400_000

Forget = Callable[[Scope, str], None]


@dataclass(frozen=True)
class Chore:
    """Something to do every ``every_s`` seconds."""

    name: str
    every_s: float
    run: Callable[[], None]


def chores(
    store: Store,
    config: Config,
    *,
    forget: Forget,
    sweep: Callable[[], object],
    fire: Callable[[], object],
    drive: Callable[[], object],
    foresee: Callable[[], object],
    compare: Callable[[], object],
) -> list[Chore]:
    """Return every chore.

    ``forget`` deletes the files of a job whose retention is over, ``sweep`` those of uploads
    that never became a dataset; ``fire`` submits what schedules are due to make;
    ``drive`` goes on with operations on many jobs whose driver is gone; ``foresee`` orders the
    forecasts that are due, ``compare`` compares predictions with what came.
    """
    return [
        Chore("promote", 0.5, lambda: promote(store)),
        Chore("expire", 0.5, lambda: expire(store, config)),
        Chore("cascade", 0.5, lambda: cascade(store, config)),
        Chore("catch up", 0.5, lambda: catch_up(store)),
        Chore("fire", 0.5, lambda: _done(fire)),
        Chore("resume", 0.5, lambda: resume(store)),
        Chore("reap", 1.0, lambda: reap(store, config)),
        Chore("count slots", 2.0, lambda: _done(store.fleet.count_slots)),
        Chore("watch", EVERY_S, Watching(store, keep_ms=config.history_ms).look),
        Chore("note load", 60.0, store.nodes.note_load),
        Chore("keep days", 600.0, lambda: keep_days(store, config)),
        Chore("bulk", 1.0, lambda: _done(drive)),
        Chore("foresee", 15.0, lambda: _done(foresee)),
        Chore("compare", 60.0, lambda: _done(compare)),
        Chore("bury", 15.0, lambda: bury(store)),
        Chore("prune", 60.0, lambda: prune(store, forget)),
        Chore("retire", 3600.0, lambda: retire(store)),
        Chore("sweep", 60.0, lambda: _done(sweep)),
    ]


def _done(run: Callable[[], object]) -> None:
    run()


def promote(store: Store, *, now_ms: int | None = None) -> None:
    """Make the jobs runnable whose time has come."""
    while int(store.scripts.call("promote", limit=BATCH, now_ms=now_ms)) == BATCH:
        pass


def expire(store: Store, config: Config, *, now_ms: int | None = None) -> None:
    """Fail the jobs that are still queued when their time there is over."""
    while (
        int(store.scripts.call("expire", limit=BATCH, keep_ms=config.keep_ms, now_ms=now_ms))
        == BATCH
    ):
        pass


def cascade(store: Store, config: Config, *, now_ms: int | None = None) -> None:
    """Tell dependents that the jobs they wait for have ended."""
    while (
        int(store.scripts.call("cascade", limit=BATCH, keep_ms=config.keep_ms, now_ms=now_ms))
        == BATCH
    ):
        pass


def catch_up(store: Store) -> None:
    """Let the sets by type and by user follow the queue, where single changes left that."""
    while int(store.scripts.call("catch_up", scope=None, limit=BATCH)) == BATCH:
        pass


def resume(store: Store) -> None:
    """End the pauses whose time has come."""
    for scope, kind in store.pauses.due(now_ms=store.now_ms(), limit=BATCH):
        store.pauses.resume(scope, kind=kind, due_only=True)


def reap(store: Store, config: Config, *, now_ms: int | None = None) -> None:
    """Take back the jobs of workers that stopped answering."""
    store.scripts.call(
        "reap",
        max_lost=config.max_lost_attempts,
        keep_ms=config.keep_ms,
        limit=BATCH,
        now_ms=now_ms,
    )


def keep_days(store: Store, config: Config) -> None:
    """Roll up the days that are over, in each scope."""
    for scope in store.history.scopes():
        store.history.keep_days(scope, keep_ms=config.history_ms)


def bury(store: Store) -> None:
    """Forget workers and nodes that have been silent for long."""
    store.fleet.bury(now_ms=store.now_ms(), dead_ms=DEAD_LISTED_MS, node_ms=OFFLINE_LISTED_MS)


def prune(store: Store, forget: Forget, *, now_ms: int | None = None) -> None:
    """Forget jobs whose retention is over, with their files."""
    gone = store.scripts.call("prune", limit=BATCH, now_ms=now_ms)
    for scope, job_id in zip(gone[::2], gone[1::2], strict=True):
        forget(Scope.from_key(scope), job_id)


def retire(store: Store) -> None:
    """Delete what other releases loaded into the server more than a day ago."""
    store.scripts.retire(before_ms=store.now_ms() - LIBRARY_KEPT_MS)
