"""`queueapp demo`: one event log in over the REST API, one report out.

It starts everything on a free port and then is a client like any other.
"""

import argparse
import sys
import threading
import time
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

from queueapp.config import from_env
from queueapp.eventlog.sample import write_sample_log

from .client import ApiError, Client
from .errors import CommandError
from .progress import Bar
from .stack import Stack, open_stack
from .up import add_stack_options, environ_of, ready_lines, stack_options, stop_on_signals

PROJECT = "/api/demo/sales"
DATASET = "order-to-cash"
CASES = 2_000
POLL_S = 0.15
COLUMNS = {"caseId": "case_id", "activityName": "activity", "activityTime": "timestamp"}
ENDED = ("Completed", "Failed", "Cancelled")


def add(nouns: Any) -> None:
    """Add the command to the command line."""
    command = nouns.add_parser("demo", help="mine a sample event log from upload to report")
    add_stack_options(command, port=0)
    command.add_argument("--keep", action="store_true", help="leave everything running afterwards")
    command.add_argument(
        "--report", type=Path, help="where to save the report (default: in the data directory)"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Start everything, show the way of one job, and stop everything."""
    if not options.data_dir:
        options.data_dir = str(from_env().data_dir / "demo")
    directory = Path(options.data_dir).expanduser()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = directory / "demo.log"
    print(f"Starting (log: {log}) …", flush=True)
    with log.open("a", encoding="utf-8") as output:
        return _run_stack(options, directory, output)


def _run_stack(options: argparse.Namespace, directory: Path, output: TextIO) -> int:
    environ = environ_of(options)
    with open_stack(stack_options(options), environ=environ, output=output) as stack:
        show = Show(stack, directory, options.report, keep=options.keep)
        with stop_on_signals(stack.supervisor):
            code = stack.run(show.start)
        return code or show.code


class Show:
    """The demonstration itself, in a thread beside the running stack."""

    def __init__(self, stack: Stack, directory: Path, report: Path | None, *, keep: bool) -> None:
        self._stack = stack
        self._client = Client(stack.address, stack.admin_key)
        self._directory = directory
        self._report = report or directory / "report.html"
        self._report.parent.mkdir(parents=True, exist_ok=True)
        self._keep = keep
        self.code = 1

    def start(self) -> None:
        """Show everything once, then stop the stack unless it is to be kept."""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            self._show()
            self.code = 0
        except (ApiError, CommandError) as error:
            print(f"\nqueueapp: {error}", file=sys.stderr)
        except Exception:  # noqa: BLE001 -- a thread's failure must end the command
            traceback.print_exc()
        if self.code or not self._keep:
            self._stack.supervisor.request_stop()
            return
        for line in [*ready_lines(self._stack), "Ctrl-C stops everything."]:
            print(line, flush=True)

    def _show(self) -> None:
        self._upload()
        job_id = self._submit()
        job = self._watch(job_id)
        if job["status"] != "Completed":
            raise CommandError(f"The job ended {job['status']}: {job.get('error', 'no reason')}")
        self._print_results(job_id)

    def _upload(self) -> None:
        path = self._directory / "order-to-cash.csv"
        write_sample_log(path, cases=CASES)
        fields = {"name": "Order to cash", **COLUMNS, "resource": "resource"}
        answer = self._client.upload(f"{PROJECT}/datasets/{DATASET}", path, fields, "text/csv")
        print(f"Uploaded   {path.name}: {_counts(answer)}", flush=True)

    def _submit(self) -> str:
        body = {
            "jobName": "Order to cash: process report",
            "jobType": "ProcessMining",
            "resource": {"resourceType": "Dataset", "resourceId": DATASET},
            "parameters": {
                "includeProcessVariants": True,
                "qualityChecks": {
                    "validateTimestamps": True,
                    "checkDuplicates": True,
                    "validateActivities": True,
                },
            },
        }
        answer = self._client.post(f"{PROJECT}/execution/job", body)
        print(f"Submitted  job {answer['jobId']} at position {answer['queuePosition']}", flush=True)
        return str(answer["jobId"])

    def _watch(self, job_id: str) -> dict[str, Any]:
        bar = Bar(sys.stdout)
        try:
            while True:
                job = self._client.get(f"{PROJECT}/execution/job/{quote(job_id)}")
                bar.show(job["progress"]["percentage"], _stage(job))
                if job["status"] in ENDED:
                    return job
                time.sleep(POLL_S)
        finally:
            bar.end()

    def _print_results(self, job_id: str) -> None:
        answer = self._client.get(f"{PROJECT}/execution/job/{quote(job_id)}/results")
        for name, value in answer["summary"].items():
            print(f"  {_words(name):<30}{_shown(name, value)}")
        self._client.download(answer["results"]["primaryOutput"]["downloadUrl"], self._report)
        print(f"Report     {self._report.resolve()}", flush=True)


def _words(name: str) -> str:
    """Return a field's name as words: medianCaseDuration is "median case duration"."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)


def _shown(name: str, value: Any) -> str:
    if name.endswith("Seconds") and value is not None:
        return f"{value:,.0f} ({timedelta(seconds=round(value))})"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _stage(job: dict[str, Any]) -> str:
    position = job.get("queuePosition")
    if job["status"] == "Queued" and position is not None:
        return f"Queued at position {position}"
    return str(job["progress"]["currentStage"])


def _counts(answer: dict[str, Any]) -> str:
    named = (("rows", "rows"), ("cases", "cases"), ("activities", "activities"))
    return ", ".join(
        f"{answer[key]:,} {text}" for key, text in named if answer.get(key) is not None
    )
