"""What each verb costs at a thousand, a hundred thousand and a million queued jobs.

Each queue has a server of its own, all of them alive side by side and measured in turns, block by
block, so that whatever else the machine does falls on all of them alike. One server for all would
hide what a full memory costs: the short queue would pay it too.

Servers and client have seats, since waking a process on another core can cost more than a verb:
left to the kernel, one server sits beside the client and the next one does not, and an empty call
to the one takes four times as long as to the other, whatever they hold.

What a change of one job leaves for later is done after each block, as upkeep does it in an
installation, and booked by itself: it counts, but nobody waits for it.
"""

import os
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from bench.core.queue import Queue
from bench.core.server import Server, running_server
from bench.core.table import Row, ratios
from queueapp.domain.fleet import Requirements
from queueapp.domain.queue import Priority

BLOCK = 25
# Twice as many are submitted as claimed or cancelled, so that the queues keep their lengths.
VERBS = ("submit", "submit", "claim", "finish", "position", "move", "reprioritise", "cancel")
# What was left for later, per job that was left.
AFTERWARDS = "afterwards"
COMMANDS = {"position": "zrank", "ping": "ping"}
CORES = sorted(os.sched_getaffinity(0))
# All servers sit on the first core; the client has a core of its own, or shares theirs.
SEATS = {"apart": CORES[-1], "shared": CORES[0]} if len(CORES) > 1 else {"shared": CORES[0]}
BEHIND = 100_000
SHAPES = 8

Costs = dict[tuple[str, str], list[float]]  # (verb, queue) -> microseconds, one a round


class Blocks:
    """Runs verbs in blocks on several queues in turns and books what they cost."""

    def __init__(self, queues: Sequence[Queue], *, seed: int) -> None:
        self._queues = list(queues)
        self._dice = random.Random(seed)
        self.client: Costs = defaultdict(list)
        self.server: Costs = defaultdict(list)

    def run(self, rounds: int, verbs: Sequence[str]) -> None:
        """Run the rounds; the first only warms up."""
        for number in range(rounds + 1):
            for verb in verbs:
                self._dice.shuffle(self._queues)
                for queue in self._queues:
                    seen, told = _block(queue, verb)
                    after = _afterwards(queue)
                    if number and told is not None:
                        self._book(verb, queue, seen, told)
                    if number and after is not None:
                        self._book(AFTERWARDS, queue, *after)

    def _book(self, verb: str, queue: Queue, client: float, server: float) -> None:
        self.client[verb, queue.name].append(client)
        self.server[verb, queue.name].append(server)


def seated(queues: Sequence[Queue], rounds: int, *, seed: int) -> dict[str, Blocks]:
    """Run all verbs in every seat of the client, round by round; an empty call tells what it costs.

    Ends with the client where it was.
    """
    found = {seat: Blocks(queues, seed=seed) for seat in SEATS}
    home = os.sched_getaffinity(0)
    for _ in range(rounds):
        for seat, core in SEATS.items():
            os.sched_setaffinity(0, {core})
            found[seat].run(1, ("ping", *VERBS))
    os.sched_setaffinity(0, home)
    return found


def _block(queue: Queue, verb: str) -> tuple[float, float | None]:
    """Return the median microseconds of a call, the client's and the server's; None: none due."""
    act = getattr(queue, verb)
    taken = []
    queue.server.reset()
    for _ in range(min(BLOCK, len(queue.claims)) if verb == "finish" else BLOCK):
        began = time.perf_counter_ns()
        act()
        taken.append((time.perf_counter_ns() - began) / 1000)
    if not taken:
        return 0.0, None
    return statistics.median(taken), queue.server.median_us(COMMANDS.get(verb, "fcall"))


def _afterwards(queue: Queue) -> tuple[float, float] | None:
    """Do what a block left for later; return what a job of it took, as for a block."""
    queue.server.reset()
    began = time.perf_counter_ns()
    late = queue.catch_up()
    taken = (time.perf_counter_ns() - began) / 1000
    return (taken / late, queue.server.median_us("fcall") / late) if late else None


@contextmanager
def filled(sizes: Sequence[int]) -> Iterator[list[Queue]]:
    """Make one queue of each size, each on a server of its own."""
    with ExitStack() as servers:
        queues = []
        for size in sizes:
            began = time.monotonic()
            server = servers.enter_context(running_server(core=CORES[0]))
            queue = Queue(server, f"{size:,}")
            queue.fill(size)
            print(f"  queued {size:,} jobs in {time.monotonic() - began:.0f} s", flush=True)
            queues.append(queue)
        yield queues


def rows(blocks: Blocks, queues: Sequence[Queue], verbs: Sequence[str]) -> list[Row]:
    """Return the table: for each verb and queue, both costs and their ratios to the first queue."""
    found: list[Row] = []
    for verb in dict.fromkeys(verbs):
        for queue in queues:
            key, first = (verb, queue.name), (verb, queues[0].name)
            client, server = blocks.client[key], blocks.server[key]
            if not client:
                continue
            found.append(
                (
                    verb,
                    queue.name,
                    f"{statistics.median(client):.0f}",
                    ratios(client, blocks.client[first]),
                    f"{statistics.median(server):.1f}",
                    ratios(server, blocks.server[first]),
                )
            )
    return found


def worst(blocks: Blocks, queues: Sequence[Queue]) -> tuple[float, str]:
    """Return the largest growth a client sees from the first queue to the last, and its verb."""
    first, last = queues[0].name, queues[-1].name
    grown = {
        verb: statistics.median(
            b / a
            for a, b in zip(blocks.client[verb, first], blocks.client[verb, last], strict=True)
        )
        for verb in dict.fromkeys(VERBS)
    }
    verb = max(grown, key=lambda name: grown[name])
    return grown[verb], verb


def behind_misfits(server: Server, jobs: int) -> list[Queue]:
    """Make queues to claim from: a thousand that fit, the same behind misfits, misfits alone."""
    plain, behind, misfits = (
        Queue(server, name)
        for name in ("1,000 that fit", f"behind {jobs:,} misfits", f"{jobs:,} misfits alone")
    )
    for queue in (plain, behind):
        queue.fill(1000, priority=Priority.LOW)
    for queue in (behind, misfits):
        for shape in range(SHAPES):
            needs = Requirements(100 + shape, 1024)
            queue.fill(jobs // SHAPES, priority=Priority.CRITICAL, requirements=needs)
    return [plain, behind, misfits]
