"""A whole installation as separate processes that tests may kill, stop, cut off and start again.

One store, one web, and machines: each has a data directory and one worker, and reaches the store
through a proxy of its own. A watchman starts again whatever has ended, as a platform does.
"""

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests

from queueapp.domain.job import Job
from queueapp.domain.scope import Scope
from queueapp.embedded import start_server
from queueapp.store import Store, connect
from tests.faults.network import Link
from tests.faults.proxy import Proxy
from tests.waiting import eventually

LOG = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[2]
KEY = "the-admin-key"
SCOPE = Scope("acme", "sales")
PROJECT = "/api/acme/sales"
LEASE_S = 3.0


def seed(default: int | None = None) -> int:
    """Return the seed of this run and print it, so that a failure can be replayed."""
    value = int(os.environ.get("QUEUEAPP_FAULT_SEED") or default or time.time_ns() % 1_000_000)
    LOG.warning("QUEUEAPP_FAULT_SEED=%d", value)
    return value


@dataclass(frozen=True)
class Line:
    """One fact that a job wrote outside."""

    fact: str
    job: str
    epoch: int
    pid: int
    at_ms: int


@dataclass
class Program:
    """A process that is started again when it ends, as long as that is wanted."""

    command: list[str]
    environ: dict[str, str]
    log: Path
    wanted: bool = True
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it unless it runs."""
        if self.process is None or self.process.poll() is not None:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    self.command,
                    cwd=ROOT,
                    env=self.environ,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def below(self, part: str = "") -> list[psutil.Process]:
        """Return the live processes of it whose command line has ``part``."""
        assert self.process is not None
        with suppress(psutil.Error):
            top = psutil.Process(self.process.pid)
            return [one for one in (top, *top.children(recursive=True)) if _runs(one, part)]
        return []

    def end(self) -> None:
        """Stop it for good, in good order if it can."""
        self.wanted = False
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGCONT)
            os.kill(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(20)


def _runs(process: psutil.Process, part: str) -> bool:
    try:
        living = process.status() != psutil.STATUS_ZOMBIE
        return living and part in " ".join(process.cmdline())
    except psutil.Error:
        return False


@dataclass
class Machine:
    """A data directory with one worker and the wire between it and the store."""

    name: str
    wire: Proxy
    program: Program

    def worker_process(self) -> psutil.Process:
        """Return the process that claims and supervises: the only child of Dramatiq's master."""
        assert self.program.process is not None
        master = psutil.Process(self.program.process.pid)
        return eventually(lambda: [one for one in master.children() if _is_worker(one)])[0]

    def kill(self) -> None:
        """Kill the worker with its master, as a platform kills a container: no word of farewell."""
        assert self.program.process is not None
        with suppress(psutil.Error):
            for one in [*psutil.Process(self.program.process.pid).children()]:
                if _is_worker(one):
                    one.kill()
        with suppress(ProcessLookupError):
            os.kill(self.program.process.pid, signal.SIGKILL)


def _is_worker(process: psutil.Process) -> bool:
    """Tell a worker from the zygote and from multiprocessing's own helpers."""
    with suppress(psutil.Error):
        line = " ".join(process.cmdline())
        return "queueapp.worker:setup" in line and "zygote" not in line
    return False


@dataclass
class Ground:
    """Everything that runs, and what the tests need to know of it."""

    folder: Path
    durability: str = "everysec"
    settings: dict[str, str] = field(default_factory=dict)
    machines: list[Machine] = field(default_factory=list)
    web: Program | None = None

    def __post_init__(self) -> None:
        self.wires = Path(tempfile.mkdtemp(prefix="qa-"))  # socket paths must be short
        self.server = start_server(self.wires / "store", durability=self.durability)
        self.client = connect(self.server.url, name="faults")
        self.store = Store(self.client)
        self.log = self.folder / "fence.log"
        self.log.touch()
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def __enter__(self) -> "Ground":
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._keeper.join()
        for machine in self.machines:
            machine.wire.close()
        for program in self._programs():
            program.end()
        self.client.close()
        self.server.leave()
        shutil.rmtree(self.wires, ignore_errors=True)

    # -- what runs --------------------------------------------------------------------------

    def add_machine(
        self, *, share: str | None = None, slots: int = 4, link: Link | None = None
    ) -> Machine:
        """Start a worker on a machine of its own, or on the one that ``share`` names.

        ``link`` gives it a network of its own instead of the wire.
        """
        name = f"m{len(self.machines)}"
        wire = Proxy(self.wires / name, self.server.url)
        environ = self._environ(share or name) | {"REDIS_URL": link.url if link else wire.url}
        command = [*(link.command if link else ()), sys.executable, "-m", "dramatiq"]
        command += ["queueapp.worker:setup"]
        command += ["--processes", "1", "--threads", str(slots)]
        program = Program(command, environ, self.folder / f"{name}.log")
        program.start()
        machine = Machine(name, wire, program)
        self.machines.append(machine)
        return machine

    def add_web(self) -> str:
        """Start the web process and return its address."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "gunicorn", "-c", "python:queueapp.web.server"]
        command += ["--bind", f"127.0.0.1:{port}", "--threads", "4", "--log-level", "warning"]
        environ = self._environ("web") | {"REDIS_URL": self.server.url, "QUEUEAPP_ADMIN_KEY": KEY}
        web = Program([*command, "wsgi:app"], environ, self.folder / "web.log")
        web.start()
        self.web = web  # only now: the watchman would start it too
        return f"http://127.0.0.1:{port}"

    def _environ(self, machine: str) -> dict[str, str]:
        directory = self.folder / machine
        directory.mkdir(exist_ok=True)
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "QUEUEAPP_DATA_DIR": str(directory),
            "QUEUEAPP_OBJECTS_URL": (self.folder / "objects").as_uri(),
            "QUEUEAPP_SECRET_KEY": "secret",
            "QUEUEAPP_ACTORS": "tests.faults.fenced_jobs",
            "QUEUEAPP_LEASE_SECONDS": str(LEASE_S),
            "QUEUEAPP_MAX_LOST_ATTEMPTS": "1000",  # none may fail by bad luck
            "QUEUEAPP_DRAIN_SECONDS": "0.5",
            "QUEUEAPP_NODE_ID": machine,
            "QUEUEAPP_NODE_CPU_UNITS": "4",
            **self.settings,
        }

    def _programs(self) -> list[Program]:
        return [*(one.program for one in self.machines), *([self.web] if self.web else [])]

    def _keep(self) -> None:
        while not self._over.wait(0.1):
            for program in self._programs():
                if program.wanted:
                    program.start()

    def ready(self, workers: int) -> None:
        """Wait until so many workers are in the fleet."""
        eventually(lambda: len(self.store.fleet.workers(now_ms=self.now_ms())) >= workers)

    def now_ms(self) -> int:
        """The store's time."""
        return self.store.now_ms()

    def kill_store(self) -> None:
        """Kill the store's server with -9 and start it again on its files."""
        pid = self.server.process_id()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: self.server.revive() or self.server.answers())

    # -- jobs ---------------------------------------------------------------------------------

    def submit(self, address: str, name: str, ms: int) -> str:
        """Submit a job over HTTP until it is accepted; the idempotency key makes it one job."""
        body: dict[str, Any] = {
            "jobName": f"job {name}",
            "jobType": "Fenced",
            "resource": {"resourceType": "Notebook", "resourceId": "any"},
            "parameters": {"log": str(self.log), "ms": ms},
        }

        headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": name}

        def post() -> str | None:
            try:
                answer = requests.post(
                    f"{address}{PROJECT}/execution/job", json=body, headers=headers, timeout=10
                )
            except requests.RequestException:
                return None
            if answer.status_code in (502, 503):
                return None
            assert answer.status_code == 202, answer.text
            return str(answer.json()["jobId"])

        return str(eventually(post))

    def job(self, job_id: str) -> Job:
        """Return a job as the store has it."""
        return self.store.jobs.get(SCOPE, job_id)

    def lines(self) -> list[Line]:
        """Return what jobs wrote, in the order of events."""
        # A read may come in the middle of a write, whose rest is seen the next time.
        whole, _, _ = self.log.read_text().rpartition("\n")
        rows = (line.split() for line in whole.splitlines())
        return [Line(fact, job, int(e), int(pid), int(at)) for fact, job, e, pid, at in rows]

    def overlaps(self) -> list[Line]:
        """Return the lines of attempts that lived on after a later attempt had begun."""
        newest: dict[str, int] = defaultdict(int)
        found = []
        for line in self.lines():
            if line.epoch < newest[line.job]:
                found.append(line)
            newest[line.job] = max(newest[line.job], line.epoch)
        return found

    def begun(self, job_id: str, epoch: int = 1) -> Line:
        """Wait until an attempt lives and return its first line."""
        return eventually(lambda: self._first(job_id, epoch))

    def _first(self, job_id: str, epoch: int) -> Line | None:
        found = (one for one in self.lines() if (one.job, one.epoch) == (job_id, epoch))
        return next(found, None)
