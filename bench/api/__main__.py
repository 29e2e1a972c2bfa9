"""``python -m bench.api``: measure the API beside an empty endpoint, and print tables and goals.

Blocks of requests are interleaved in one run, so that whatever else the machine does falls on all
alike; every figure is a median of rounds. Nothing here passes or fails.
"""

import argparse
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from actors.forecasts.known import columns_of, known_of
from bench.api.load import block, latencies, request
from bench.api.web import Web, serving
from bench.core.growth import CORES
from bench.core.queue import SCOPE, TYPE, WORKER, Queue
from bench.core.server import Server, running_server
from bench.core.table import Row, ratios, show
from forecasting.published import published
from queueapp.domain.queue import Priority
from queueapp.gathering import gathered

PLACE = f"/api/{SCOPE.tenant}/{SCOPE.project}/execution"
BODY = {
    "jobName": "Orders of January",
    "jobType": TYPE.name,
    "priority": "Normal",
    "parameters": {"datasetId": "orders", "includeProcessVariants": True},
    "scheduling": {"executeImmediately": True, "timeoutMinutes": 30},
}
EMPTY = "empty"
CLIENTS = 4
A_DAY_MS = 86_400_000
RACED = ("submit", "get", "list of 100", "queue of 100", "move", "predictions")
LONG_CALLS = (
    *("queue", "queue of 100", "last page", "tier"),
    *("get", "move", "priority", "cancel", "submit"),
)


@dataclass
class Lap:
    """One block: requests a second, and the CPU of web process and store a request."""

    per_s: float
    web_us: float
    store_us: float


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.api", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, under two minutes")
    parser.add_argument("--rounds", type=int, help="rounds (7)")
    parser.add_argument("--calls", type=int, help="requests of a block (400)")
    parser.add_argument("--sizes", help="lengths of the queues (1000,1000000)")
    parser.add_argument("--only", help="race or lengths; both without it")
    given = parser.parse_args()
    rounds = given.rounds or (2 if given.quick else 7)
    calls = given.calls or (200 if given.quick else 400)
    sizes = [int(n) for n in (given.sizes or _sizes(given.quick)).split(",")]
    goals: list[Row] = []
    if given.only != "lengths":
        goals += _race(rounds, calls)
    if given.only != "race":
        goals += _lengths(sizes, 10 if given.quick else 40)
    show("Goals", ("what", "goal", "reached"), goals)


def _sizes(quick: bool) -> str:
    return "1000,20000" if quick else "1000,1000000"


def _filled(server: Server, jobs: int) -> Queue:
    """Queue jobs where the web process looks for them; the fleet seems live for a day."""
    queue = Queue(server, "queueapp")
    queue.fill(jobs)
    queue.store.fleet.register(WORKER, [TYPE], now_ms=int(time.time() * 1000) + A_DAY_MS)
    return queue


def _verbs(queue: Queue, size: int) -> dict[str, Callable[[], bytes]]:
    dice = random.Random(7)

    def of(method: str, path: str, body: object = None) -> Callable[[], bytes]:
        raw = request(method, PLACE + path, body)
        return lambda: raw

    def get() -> bytes:
        return request("GET", f"{PLACE}/job/{dice.choice(queue.ids)}")

    # It always finds its job near the head: a move costs by the jobs that it tells of.
    moved = next(iter(queue.store.queue.page(SCOPE, priority=Priority.LOW, limit=1).rows)).job_id

    def move() -> bytes:
        body = {"newPosition": dice.randint(1, 10)}
        return request("PUT", f"{PLACE}/queue/job/{moved}/position", body)

    def reprioritise() -> bytes:
        body = {"newPriority": dice.choice(("Critical", "High", "Normal", "Low"))}
        return request("PUT", f"{PLACE}/queue/job/{dice.choice(queue.ids)}/priority", body)

    def cancel() -> bytes:
        job = queue.ids.pop(dice.randrange(len(queue.ids)))
        return request("DELETE", f"{PLACE}/job/{job}")

    return {
        "priority": reprioritise,
        "cancel": cancel,
        "submit": of("POST", "/job", BODY),
        "get": get,
        "list of 100": of("GET", "/jobs?pageSize=100"),
        "queue of 100": of("GET", "/queue?pageSize=100"),
        "move": move,
        "predictions": of("GET", "/queue/predictions?horizon=24"),
        "queue": of("GET", "/queue"),
        "last page": of("GET", f"/queue?pageSize=100&page={size // 100}"),
        "tier": of("GET", "/queue/priority/Low?pageSize=100"),
    }


def _race(rounds: int, calls: int) -> list[Row]:
    laps: dict[str, list[Lap]] = defaultdict(list)
    with running_server() as server:
        queue = _filled(server, 1_000)
        now = int(time.time() * 1000)
        told = gathered(queue.store, SCOPE, now, keep_ms=A_DAY_MS)
        queue.store.forecasts.put(SCOPE, published(known_of(told, columns_of(told))))
        with (
            serving("wsgi:app", REDIS_URL=server.url) as ours,
            serving("bench.api.empty:app", REDIS_URL=server.url) as empty,
        ):
            verbs = _verbs(queue, 1_000)
            plan = [(name, ours, verbs[name]) for name in RACED]
            plan.append((EMPTY, empty, lambda: request("POST", "/job", BODY)))
            for number in range(rounds + 1):
                random.Random(number).shuffle(plan)
                for name, web, make in plan:
                    lap = _lap(server, web, make, calls)
                    if number:
                        laps[name].append(lap)
    base = laps[EMPTY]
    show(
        f"The API beside an empty endpoint: median of {rounds} interleaved rounds",
        ("request", "requests/s", "ratio", "web CPU us", "ratio", "store CPU us"),
        [_row(name, laps[name], base) for name in (EMPTY, *RACED)],
        f"{CLIENTS} clients, one web process as in production, 1,000 queued jobs. "
        "Ratios are to the empty endpoint, which checks the body of a submission and forgets it.",
    )
    submit = ratios([lap.per_s for lap in laps["submit"]], [lap.per_s for lap in base])
    listing = statistics.median(lap.web_us for lap in laps["list of 100"]) / 1000
    page = statistics.median(lap.web_us for lap in laps["queue of 100"]) / 1000
    foreseen = statistics.median(lap.web_us for lap in laps["predictions"]) / 1000
    return [
        ("submit, requests/s over the empty endpoint", "at least 0.5", submit),
        ("listing 100 jobs, web CPU", "under 10 ms", f"{listing:.1f} ms"),
        ("100 jobs of the queue, web CPU", "under 10 ms", f"{page:.1f} ms"),
        ("predictions of a day, web CPU", "under 5 ms", f"{foreseen:.1f} ms"),
    ]


def _lap(server: Server, web: Web, make: Callable[[], bytes], calls: int) -> Lap:
    web_s, store_s = web.cpu_s(), server.cpu_s()
    taken = block(web.port, make, calls=calls, clients=CLIENTS)
    web_us, store_us = (
        (now - was) / calls * 1e6 for now, was in ((web.cpu_s(), web_s), (server.cpu_s(), store_s))
    )
    return Lap(calls / taken, web_us, store_us)


def _row(name: str, laps: list[Lap], base: list[Lap]) -> Row:
    rates, cpu = [lap.per_s for lap in laps], [lap.web_us for lap in laps]
    return (
        name,
        f"{statistics.median(rates):,.0f}",
        ratios(rates, [lap.per_s for lap in base]),
        f"{statistics.median(cpu):,.0f}",
        ratios(cpu, [lap.web_us for lap in base]),
        f"{statistics.median(lap.store_us for lap in laps):,.0f}",
    )


def _lengths(sizes: list[int], rounds: int) -> list[Row]:
    """Measure requests one by one on queues of several lengths, each on a server of its own."""
    seen: dict[tuple[str, int], list[float]] = defaultdict(list)
    with ExitStack() as stack:
        ready = []
        for size in sizes:
            server = stack.enter_context(running_server(core=CORES[0]))
            queue = _filled(server, size)
            web = stack.enter_context(serving("wsgi:app", REDIS_URL=server.url))
            ready.append((size, web.port, _verbs(queue, size)))
            print(f"  queued {size:,} jobs", flush=True)
        for number in range(rounds + 1):
            for name in LONG_CALLS:
                for size, port, verbs in ready:
                    taken = latencies(port, verbs[name], calls=5)
                    if number:
                        seen[name, size].append(statistics.median(taken))
    first = sizes[0]
    show(
        f"Long queues: one client, milliseconds, median of {rounds} interleaved rounds",
        ("request", *(f"{size:,} queued" for size in sizes), "ratio"),
        [
            (
                name,
                *(f"{statistics.median(seen[name, size]):.1f}" for size in sizes),
                ratios(seen[name, sizes[-1]], seen[name, first]),
            )
            for name in LONG_CALLS
        ],
        "queue: the first page of 1,000 jobs.",
    )
    return [
        (
            f"{name}: {sizes[-1]:,} queued over {first:,}",
            "at most 2",
            ratios(seen[name, sizes[-1]], seen[name, first]),
        )
        for name in LONG_CALLS
    ]


if __name__ == "__main__":
    main()
