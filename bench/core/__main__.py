"""``python -m bench.core``: measure the core beside its peers, and print tables and goals.

Every figure is a median of interleaved rounds of one run; nothing here passes or fails.
"""

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench import child_start
from bench.core import growth, install, memory
from bench.core.race import Effort, Laps, race
from bench.core.server import Server, running_server
from bench.core.systems import System, systems
from bench.core.table import Row, percentile, ratios, show

THREAD, STOCK = "queueapp, in a thread", "dramatiq, 8 threads"
SEED = 7

Goal = tuple[str, str, str]


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    effort: Effort
    peers: list[str]
    parts: list[str]
    sizes: list[int]
    rounds: int
    memory_jobs: int
    child_runs: int


PARTS = ("race", "growth", "misfits", "memory", "child")


def main() -> None:
    """Measure what is asked for."""
    asked = _asked()
    goals: list[Goal] = []
    with running_server() as server:
        print(f"server: {server.name}, default settings, nothing saved")
        if "race" in asked.parts:
            goals += _race(server, asked)
    if "growth" in asked.parts:
        goals += _growth(asked)
    if "misfits" in asked.parts:
        _misfits(asked)
    if "memory" in asked.parts:
        goals += _memory(asked)
    if "child" in asked.parts:
        goals += _child(asked)
    show("Goals", ("what", "goal", "reached"), goals)


def _asked() -> Asked:
    parser = argparse.ArgumentParser(prog="python -m bench.core", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, under two minutes")
    parser.add_argument("--rounds", type=int, help="rounds of the race (5)")
    parser.add_argument("--jobs", type=int, help="jobs of a fast system's round (3000)")
    parser.add_argument("--pickups", type=int, help="single jobs for an idle worker (40)")
    parser.add_argument("--growth", help="lengths of the queues (1000,100000,1000000)")
    parser.add_argument("--peers", help=f"some of {','.join(PEERS)}; none for ours alone")
    parser.add_argument("--only", help=f"some of {','.join(PARTS)}")
    given = parser.parse_args()
    quick = given.quick
    return Asked(
        effort=Effort(
            rounds=given.rounds or (1 if quick else 5),
            jobs=given.jobs or (1000 if quick else 3000),
            pickups=given.pickups or (15 if quick else 40),
            pickup_s=2 if quick else 4,
        ),
        peers=list(PEERS) if given.peers is None else given.peers.split(","),
        parts=given.only.split(",") if given.only else list(PARTS),
        sizes=[int(n) for n in (given.growth or _sizes(quick)).split(",")],
        rounds=10 if quick else 40,
        memory_jobs=20_000 if quick else 100_000,
        child_runs=20 if quick else 100,
    )


PEERS = (*install.PACKAGES, "bullmq")


def _sizes(quick: bool) -> str:
    return "1000,20000" if quick else "1000,100000,1000000"


def _race(server: Server, asked: Asked) -> list[Goal]:
    print("installing peers ...", flush=True)
    skipped = {peer: install.install(peer) for peer in asked.peers if peer in PEERS}
    usable = [peer for peer, reason in skipped.items() if reason is None]
    chosen = [one for one in systems() if one.package is None or one.package in usable]
    laps = race(server, chosen, asked.effort, seed=SEED)
    show(
        f"Beside its peers: median of {asked.effort.rounds} interleaved rounds",
        _RACE_HEAD,
        _race_rows(chosen, laps),
        f"Ratios are to {STOCK}: the median of the rounds' ratios (quartiles). "
        "CPU is a job's share, microseconds. Pick-up is from the call that enqueues to the job's "
        "first line.",
        "; ".join(f"{peer} {install.version(peer)}" for peer in usable),
        *(f"{peer} is missing: {reason}" for peer, reason in skipped.items() if reason),
    )
    return _race_goals(laps)


_RACE_HEAD = (
    *("system", "jobs/s", "ratio", "worker CPU", "ratio", "server CPU"),
    *("enqueue us", "ratio", "pick-up p50 ms", "p99 ms"),
)


def _race_rows(chosen: Sequence[System], laps: Laps) -> list[Row]:
    stock = laps.get(STOCK, [])
    rows: list[Row] = []
    for name in (system.name for system in chosen if laps.get(system.name)):
        mine = laps[name]
        cells = [name]
        for field, ratio in (
            ("jobs_per_s", True),
            ("worker_us", True),
            ("server_us", False),
            ("enqueue_us", True),
        ):
            values = [getattr(lap, field) for lap in mine]
            cells.append(f"{statistics.median(values):,.0f}")
            if ratio:
                cells.append(ratios(values, [getattr(lap, field) for lap in stock]))
        picked = [ms for lap in mine for ms in lap.pickup_ms]
        cells += [f"{statistics.median(picked):.2f}", f"{percentile(picked, 0.99):.1f}"]
        rows.append(cells)
    return rows


def _race_goals(laps: Laps) -> list[Goal]:
    ours, stock = laps.get(THREAD, []), laps.get(STOCK, [])
    rate = ratios([lap.jobs_per_s for lap in ours], [lap.jobs_per_s for lap in stock])
    picked = [ms for lap in ours for ms in lap.pickup_ms]
    if not picked:
        return []
    return [
        ("no-op jobs/s over stock Dramatiq", "at least 1.6", rate),
        ("pick-up on an idle worker, p50", "under 2 ms", f"{statistics.median(picked):.2f} ms"),
        ("pick-up on an idle worker, p99", "under 10 ms", f"{percentile(picked, 0.99):.1f} ms"),
    ]


_GROWTH_HEAD = ("verb", "queued", "client us", "ratio", "server us", "ratio")


def _growth(asked: Asked) -> list[Goal]:
    with growth.filled(asked.sizes) as queues:
        found = growth.seated(queues, asked.rounds, seed=SEED)
    goals = []
    for seat, blocks in found.items():
        show(
            f"Cost by the length of the queue, client and servers {_SEATED[seat]}: "
            f"{asked.rounds} interleaved rounds",
            _GROWTH_HEAD,
            growth.rows(blocks, queues, ("ping", *growth.VERBS, growth.AFTERWARDS)),
            "Client: the median call as its caller sees it. Server: the same inside the server.",
            f"What is done {growth.AFTERWARDS} is told per job, and no caller waits for it.",
        )
        grown, verb = growth.worst(blocks, queues)
        what = f"dearest growth, {asked.sizes[0]:,} to {asked.sizes[-1]:,} queued, {_SEATED[seat]}"
        goals.append((what, "at most 2", f"{grown:.2f} ({verb})"))
    return goals


_SEATED = {"apart": "on a core each", "shared": "on one core"}


def _misfits(asked: Asked) -> None:
    with running_server() as server:
        queues = growth.behind_misfits(server, min(growth.BEHIND, max(asked.sizes)))
        blocks = growth.Blocks(queues, seed=SEED)
        blocks.run(min(asked.rounds, 30), ("claim", "finish"))
        show(
            f"Claim behind jobs that do not fit ({growth.SHAPES} shapes)",
            _GROWTH_HEAD,
            growth.rows(blocks, queues, ("claim",)),
            "A claim from misfits alone finds nothing and parks the worker.",
        )


def _memory(asked: Asked) -> list[Goal]:
    rows, whole = memory.rows(asked.memory_jobs)
    show(
        f"Server memory of a queued no-op job, bytes ({asked.memory_jobs:,} queued)",
        ("key", "keys", "default settings", "embedded server's settings"),
        rows,
    )
    return [("server memory of a queued no-op job", "at most 1,800 B", f"{whole:,.0f} B")]


def _child(asked: Asked) -> list[Goal]:
    print("\n### Start of a job's process\n", flush=True)
    times = child_start.measure(asked.child_runs)
    child_start.show(times)
    over = statistics.median(times[child_start.FORK]) - statistics.median(times[child_start.THREAD])
    return [("start of a job's process over a thread, p50", "at most 5 ms", f"{over:.2f} ms")]


if __name__ == "__main__":
    main()
