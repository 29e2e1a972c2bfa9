"""What does making a forecast cost as a worker makes it?

Gathers 20,000 jobs of a made-up workload, or of a log, and runs ForecastRefresh on them in forks
of the process that starts jobs: once learning anew, as once a day, then as it is in between.
Run it with ``python -m bench.forecast_process [workload ...]``; CPU of whole processes.
"""

import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from bench.core.table import show
from bench.forecast.__main__ import LOGS
from bench.forecast.generator import CHARACTERS, generated
from bench.forecast.history import HOUR, History
from bench.forecast.traces import trace
from queueapp.domain.job import Claim, JobSpec
from queueapp.domain.outcome import Outcome
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.forecasts import FORECAST_TYPE, OWN, PARAMETER
from queueapp.gathering import columns
from queueapp.job_types import load_modules
from queueapp.runner import DatasetInput, Runner
from queueapp.runner.task import Task
from queueapp.store.past import NEWEST, PastJobs, Table

MODULE = "actors.forecast_refresh"
WORKLOADS = ("bursty", "saturated")
MACHINES, MINUTES = 2, 8 * 1_440
REFRESHES = 9
GB = 1024**3


def main(workloads: list[str]) -> None:
    """Measure what is asked for and print it."""
    load_modules([MODULE])
    rows = []
    for name in workloads:
        past = generated(name) if name in CHARACTERS else trace(name, LOGS)
        with tempfile.TemporaryDirectory() as folder:
            rows += _measured(past, Path(folder))
    head = ("workload", "jobs", "waiting", "process", "CPU s", "slowest", "loading", "peak MB")
    show("A forecast's process", head, rows)


def _measured(past: History, folder: Path) -> list[tuple[str, ...]]:
    table, queued, now = _table(past)
    begun = time.process_time()
    jobs = columns(PastJobs(table, queued, whole=False, oldest_ms=0))
    told = _told(jobs, past, now)
    orjson.dumps(told)
    print(f"{past.name}: putting jobs into columns cost {time.process_time() - begun:.3f} s of CPU")
    runner = Runner(modules=[MODULE], work_dir=folder, slots=1)
    try:
        _made(runner, folder, told, -1)  # what is imported once is not counted
        first = _made(runner, folder, told, 0)
        learnt = orjson.loads(first.outputs[0].path.read_bytes())["learnt"]
        again = [
            _made(runner, folder, told | {"learnt": learnt}, 1 + each) for each in range(REFRESHES)
        ]
    finally:
        runner.close()
    size = (past.name, f"{len(table['id']):,}", str(len(queued)))
    return [(*size, "learning", *_figures([first])), (*size, "refresh", *_figures(again))]


def _figures(outcomes: list[Outcome]) -> tuple[str, ...]:
    made = [orjson.loads(one.outputs[0].path.read_bytes())["cost"] for one in outcomes]
    cpu = [one.usage.cpu_seconds or 0.0 for one in outcomes]
    peak = max(one.usage.peak_rss_bytes or 0 for one in outcomes)
    loading = statistics.median(cost["loading_seconds"] for cost in made)
    middle, slowest = statistics.median(cpu), max(cpu)
    return f"{middle:.2f}", f"{slowest:.2f}", f"{loading:.2f}", f"{peak / 1024**2:.0f}"


def _made(runner: Runner, folder: Path, told: dict[str, Any], number: int) -> Outcome:
    path = folder / f"{number}.json"
    path.write_bytes(orjson.dumps(told))
    plain: dict[str, Any] = {"format": "json", "columns": None, "options": {}, "sha256": ""}
    spec = JobSpec(f"job-{number}", OWN, "A forecast", FORECAST_TYPE, Priority.LOW, "bench")
    spec = replace(spec, parameters={"scope": Scope("t", "p").key})
    now_ms = int(time.time() * 1000)
    task = Task(
        claim=Claim(spec, epoch=1, attempt=1, lease_until_ms=now_ms, started_ms=now_ms),
        directory=folder / spec.id,
        inputs=(DatasetInput(PARAMETER, id=PARAMETER, name=path.name, path=path, **plain),),
        memory_limit_bytes=GB,
        timeout_ms=300_000,
        now_ms=now_ms,
    )
    outcome = runner.run(task, lambda *_: None)
    if outcome.failure is not None:
        raise SystemExit(f"the forecast failed: {outcome.failure}")
    return outcome


def _table(past: History) -> tuple[Table, dict[str, int], float]:
    """Return the newest jobs of a history as the store tells of them, somewhat before its end."""
    now = past.begin + len(past.size) * HOUR - 30 * HOUR
    told, _ = past.jobs(now)
    jobs = {name: np.asarray(column, np.float64)[-NEWEST:] for name, column in told.items()}
    users, kinds = jobs["user"].astype(int), jobs["kind"].astype(int)
    waits, ended = np.isnan(jobs["started"]), np.isfinite(jobs["finished"])
    submitted = _ms(jobs["submitted"])
    nothing: list[str | None] = [None] * len(users)
    table: Table = {
        "id": [f"00000000-0000-4000-8000-{row:012d}" for row in range(len(users))],
        "created": submitted,
        "eligible": submitted,
        "started": _ms(jobs["started"]),
        "ended": _ms(jobs["finished"]),
        "tier": [str(tier) for tier in jobs["priority"].astype(int)],
        "user": [f"user%2E{user}@example.org" for user in users],
        "shape": [f"Type{kind % 5}.1x1024" for kind in kinds],
        "due": nothing,
        "unmet": nothing,
        "status": [
            "Queued" if waiting else "Completed" if over else "Running"
            for waiting, over in zip(waits, ended, strict=True)
        ],
        "resource": [f'{{"type":"Dataset","id":"logs/{kind}","name":"A log"}}' for kind in kinds],
    }
    place = [table["id"][row] or "" for row in np.flatnonzero(waits)]
    return table, {job_id: number for number, job_id in enumerate(place)}, now


def _ms(seconds: Any) -> list[str | None]:
    return [None if np.isnan(at) else str(int(at * 1000)) for at in seconds]


def _told(jobs: dict[str, Any], past: History, now: float) -> dict[str, Any]:
    now_ms = int(now * 1000)
    rng = np.random.default_rng(0)
    load = rng.uniform(5, 95, (MINUTES, 2)).tolist()
    minutes = [[now_ms - 60_000 * ago, cpu, memory, 2, 4] for ago, (cpu, memory) in enumerate(load)]
    return {
        "now_ms": now_ms,
        "since_ms": int(min(jobs["created"])),
        "jobs": jobs,
        "learnt": None,
        "learnt_at": now_ms,
        "most_running": None,
        "pauses": {},
        "whole_scope": "*",
        "slots": past.workers,
        "step": 4,
        "others": 0.0,
        "efficiency": None,
        "loads": [[4, minutes]] * MACHINES,
    }


if __name__ == "__main__":
    main(sys.argv[1:] or [*WORKLOADS])
