"""Measure the ProcessMining job on large logs: CPU, wall clock and peak memory, and ratios.

    python bench/mining.py [LOG.csv ...] [--events 1000000] [--threads 1]

A log's cases are repeated under new ids until it has the events asked for; without a log, one
is generated. Every run is a fresh process. The ratios compare with a bare read of the same file
by the table library, and a log a tenth as long.
"""

import argparse
import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ALLOCATOR = {"_RJEM_MALLOC_CONF": "background_thread:false,dirty_decay_ms:0,muzzy_decay_ms:0"}
CASES = ("case:concept:name", "case_id", "Ticket", "caseId")


def main() -> None:
    """Print one line per log and size, then the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("logs", nargs="*", type=Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--child", choices=("job", "read"))
    asked = parser.parse_args()
    if asked.child:
        _child(asked.child, asked.logs[0])
        return
    with tempfile.TemporaryDirectory() as folder:
        sources = asked.logs or [_generated(Path(folder) / "generated.csv")]
        for source in sources:
            _compare(source, Path(folder), asked.events, asked.threads)


def _compare(source: Path, folder: Path, events: int, threads: int) -> None:
    large, small = folder / "large.csv", folder / "small.csv"
    n_large, n_small = _repeat(source, large, events), _repeat(source, small, events // 10)
    size = large.stat().st_size / 2**20
    print(f"{source.name}: {n_large:,} events, {size:.0f} MB, {threads} thread(s)")
    job, read = _run("job", large, threads), _run("read", large, threads)
    tenth = _run("job", small, threads)
    for name, one in (("job", job), ("bare read", read), (f"job, {n_small:,} events", tenth)):
        print(
            f"  {name:<22} cpu {one['cpu']:6.2f} s  wall {one['wall']:6.2f} s  "
            f"peak {one['peak']:4.0f} MB"
        )
    for stage, seconds in job["stages"].items():
        print(f"    {stage:<20} wall {seconds:6.2f} s")
    grown = (job["cpu"] / n_large) / (tenth["cpu"] / n_small)
    cpu, peak = job["cpu"] / read["cpu"], job["peak"] / read["peak"]
    print(f"  job : bare read cpu {cpu:.1f}x, peak {peak:.1f}x")
    print(f"  cpu per event, large : small {grown:.2f}x")


def _run(kind: str, path: Path, threads: int) -> dict:
    environment = {
        **os.environ,
        "POLARS_MAX_THREADS": str(threads),
        "PYTHONPATH": str(ROOT),
        **ALLOCATOR,
    }
    command = [sys.executable, __file__, str(path), "--child", kind]
    done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _child(kind: str, path: Path) -> None:
    import polars as pl

    began, used = time.monotonic(), time.process_time()
    stages: dict[str, float] = {}
    if kind == "read":
        pl.read_csv(path, infer_schema_length=0)
    else:
        _job(path, stages)
    facts = {
        "wall": time.monotonic() - began,
        "cpu": time.process_time() - used,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "stages": stages,
    }
    print(json.dumps(facts))


def _job(path: Path, stages: dict[str, float]) -> None:
    """Run the job as a worker's child would, and note when each stage began and ended."""
    from actors.process_mining import process_mining
    from queueapp.context import JobContext
    from queueapp.runner.dataset_input import DatasetInput
    from queueapp.runner.task import Assignment

    dataset = DatasetInput("datasetId", "d", path.name, "csv", path, None, {}, "0" * 64)
    with tempfile.TemporaryDirectory() as folder:
        assignment = Assignment(
            id="j",
            type="ProcessMining",
            attempt=1,
            name="bench",
            parameters={"datasetId": "d"},
            directory=Path(folder),
            now_ms=1_800_000_000_000,
            inputs=(dataset,),
        )
        last = {"at": time.monotonic(), "stage": ""}

        def hear(event: dict) -> None:
            if event["event"] != "progress":
                return
            now, stage = time.monotonic(), last["stage"]
            if stage:
                stages[stage] = stages.get(stage, 0.0) + now - last["at"]
            last.update(at=now, stage=event["stage"])

        parameters = process_mining.load({"includeAnomalyDetection": True})
        process_mining(JobContext(assignment, hear, parameters=parameters))


def _repeat(source: Path, target: Path, events: int) -> int:
    """Copy a log's rows again and again, each time with other case ids."""
    with source.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        header = next(reader)
        rows = list(reader)
    case = next(i for i, name in enumerate(header) if name in CASES)
    written = 0
    with target.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for copy in range(-(-events // len(rows))):
            piece = rows[: events - written]
            writer.writerows(
                [*row[:case], f"{row[case]}-{copy}", *row[case + 1 :]] for row in piece
            )
            written += len(piece)
    return written


def _generated(path: Path) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case_id", "activity", "timestamp", "resource", "amount"])
        writer.writerows(_events(random.Random(7)))
    return path


def _events(dice: random.Random) -> Iterator[list[str]]:
    steps = ("Receive order", "Check credit", "Pick goods", "Pack", "Ship", "Invoice", "Close")
    for case in range(5_000):
        at = 1_600_000_000 + case * 600.0
        amount = f"{dice.lognormvariate(5, 1):.2f}"
        for step in steps:
            for _again in range(1 + (dice.random() < 0.1)):
                at += dice.lognormvariate(7, 1.5)
                stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
                yield [f"order-{case}", step, stamp, f"clerk {dice.randint(1, 30)}", amount]


if __name__ == "__main__":
    main()
