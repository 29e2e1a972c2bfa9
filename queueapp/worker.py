"""Makes a worker process: ``dramatiq queueapp.worker:setup`` calls ``setup`` and starts its broker.

Everything a worker is made of is put together here; nothing else knows all the parts.
"""

import hashlib
import logging
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import dramatiq
import psutil
import structlog
from dramatiq.middleware import Middleware

from queueapp import __version__, tracing
from queueapp.broker import QueueBroker
from queueapp.config import Config, from_env
from queueapp.consumer import QUEUE, Station
from queueapp.domain.errors import LeaseLost
from queueapp.domain.fleet import Node, Worker
from queueapp.domain.job import Claim
from queueapp.domain.outcome import Failure
from queueapp.domain.scope import Scope
from queueapp.domain.states import TERMINAL, AttemptEnd, Status
from queueapp.engine.bulk import drive_waiting
from queueapp.engine.devices import open_credentials
from queueapp.engine.engine import Engine
from queueapp.engine.firing import Firing
from queueapp.engine.library import Library
from queueapp.execution import Execution, lost
from queueapp.forecasts import FORECAST_TYPE, ForecastErrand, ForecastsDue
from queueapp.forecasts import KEPT_MS as FORECAST_KEPT_MS
from queueapp.job_types import JobType, load_modules
from queueapp.logs import configure_logs, for_people
from queueapp.middleware.chores import ChoresMiddleware
from queueapp.middleware.drain import DrainMiddleware
from queueapp.middleware.fence import FenceMiddleware
from queueapp.middleware.heartbeat import HeartbeatMiddleware
from queueapp.middleware.lifecycle import (
    LifecycleMiddleware,
    current_claim,
    facts_of,
    facts_of_job,
    leave_report,
)
from queueapp.middleware.orders import OrdersMiddleware
from queueapp.middleware.priority import PriorityMiddleware
from queueapp.middleware.succession import SuccessionMiddleware
from queueapp.middleware.tracing import TracingMiddleware, attempt_span, tell_outcome
from queueapp.objects import object_key, open_object_store
from queueapp.runner import Runner, StopKind
from queueapp.runner.keeper import Keepers
from queueapp.server import store_url
from queueapp.store import Store, connect
from queueapp.store.answers import FinishReport
from queueapp.tracing import start_tracing
from queueapp.upkeep import Upkeep
from queueapp.upkeep.chores import chores

log = structlog.get_logger()

JOB_MODULES = ("actors",)
FEWEST_CONNECTIONS, MOST_CONNECTIONS = 4, 16


def connections(slots: int) -> int:
    """Return how many connections a worker may open: one a thread, at least four.

    A worker of four and a web process need eight then; with three more each thread did not do
    more (3,000 tiny jobs on 4 threads: 370 and 380 a second, on 8 threads 360 and 360).
    """
    return max(FEWEST_CONNECTIONS, min(slots, MOST_CONNECTIONS))


def this_node(config: Config) -> Node:
    """Describe the machine: its name in the fleet comes from host name and boot."""
    hostname = socket.gethostname()
    boot = f"{hostname}/{psutil.boot_time():.0f}".encode()
    digest = hashlib.sha256(boot).hexdigest()[:6]
    memory_mb = psutil.virtual_memory().total >> 20
    if config.node_memory_gb is not None:
        memory_mb = round(config.node_memory_gb * 1024)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Node(
        id=config.node_id or f"{hostname}-{digest}",
        hostname=hostname,
        cpu_units=config.node_cpu_units or cores or 1,
        memory_mb=memory_mb,
    )


def worker_name(node: Node) -> str:
    """Return a name that no worker ever had: reused names would hide orphans."""
    return f"{node.id}.{os.getpid()}.{secrets.token_hex(3)}"


class WorkerProcess:
    """The parts of one worker process, wired."""

    def __init__(self, config: Config, *, slots: int) -> None:
        client = connect(
            store_url(config), max_connections=connections(slots), name="queueapp-worker"
        )
        self.config = config
        self.store = Store(client, config.key_prefix)
        self.node = this_node(config)
        self.types = load_modules((*JOB_MODULES, *config.actors))
        self.objects = open_object_store(config.effective_objects_url)
        work_dir = config.data_dir / "work"
        work_dir.mkdir(parents=True, exist_ok=True)
        self.station = Station(
            self.store,
            worker=worker_name(self.node),
            slots=slots,
            lease_ms=config.lease_ms,
            finish=self.finish,
        )
        self.runner = Runner(
            modules=(*JOB_MODULES, *config.actors),
            work_dir=work_dir,
            slots=slots,
            right_ends_s=self.station.lease_ends_s,
        )
        self.keepers = Keepers(
            {kind.keeper for kind in self.types.values() if kind.keeper},
            config.data_dir / "keepers",
            node=self.node.id,
            capacity=config.pin_capacity,
            idle_s=config.pin_idle_seconds,
        )
        self.broker = QueueBroker(self.store, max_queued=config.max_queued_jobs)
        self.engine = Engine(
            self.store,
            config,
            enqueue=self.broker.submit,
            enqueue_many=self.broker.submit_many,
            clock=self.store.clock,
        )
        self.library = Library(self.engine, self.objects)
        self.execution = Execution(
            self.store,
            self.objects,
            self.runner,
            work_dir=work_dir,
            now_ms=self.engine.now_ms,
            opened=partial(open_credentials, config),
            keeping=self.keepers.keeping,
            errands={FORECAST_TYPE: ForecastErrand(self.store, self.engine.now_ms, config.keep_ms)},
        )
        self.broker.station = self.station
        for part in self._middleware(work_dir):
            self.broker.add_middleware(part)
        for kind in self.types.values():
            self._declare(kind)

    def _middleware(self, work_dir: Path) -> list[Middleware]:
        station, config = self.station, self.config
        worker = Worker(
            name=station.worker,
            node=self.node,
            pid=os.getpid(),
            slots=station.slots,
            born_ms=int(time.time() * 1000),
            version=__version__,
        )
        kinds = [kind.info for kind in self.types.values()]
        upkeep = Upkeep(
            self.store,
            chores(
                self.store,
                config,
                forget=self.forget,
                sweep=self.library.sweep,
                fire=Firing(self.engine).fire_due,
                foresee=ForecastsDue(self.engine, every_ms=config.forecast_ms).ask,
                compare=self.engine.report_card.compare,
                drive=partial(
                    drive_waiting, self.store, keep_ms=config.keep_ms, retry=self.engine.retry
                ),
            ),
            worker=station.worker,
        )
        return [
            LifecycleMiddleware(station),
            DrainMiddleware(station, give_back=self._give_back, patience_s=config.drain_seconds),
            RunnerMiddleware(self.runner, self.keepers),
            SuccessionMiddleware(
                station,
                config.data_dir / "workers",
                max_lost=config.max_lost_attempts,
                keep_ms=config.keep_ms,
            ),
            HeartbeatMiddleware(
                station,
                worker,
                kinds,
                stop=self._stop,
                renewed=self.runner.renew,
                directory=work_dir,
            ),
            FenceMiddleware(station, stop=self._stop),
            OrdersMiddleware(station, stop=self._stop, recall=self._recall),
            ChoresMiddleware(upkeep),
            PriorityMiddleware(),
            *([TracingMiddleware()] if tracing.enabled() else []),
        ]

    def _declare(self, kind: JobType) -> None:
        execution = self.execution

        def run() -> None:
            claim = current_claim()
            with attempt_span(claim, self.store) as span:
                report = execution.run(claim)
                tell_outcome(span, report)
            leave_report(report)

        run.__doc__ = kind.info.description
        actor: dramatiq.Actor[..., Any] = dramatiq.actor(
            actor_name=kind.name, queue_name=QUEUE, broker=self.broker
        )(run)
        kind.bind(actor)

    def _stop(self, job_id: str, epoch: int, how: str) -> None:
        self.runner.stop(job_id, epoch, StopKind(how))

    def _give_back(self, job_id: str, epoch: int) -> None:
        self.runner.stop(job_id, epoch, StopKind.GIVE_BACK)

    def _recall(self, job_id: str, epoch: int) -> None:
        """Have a job given back although this worker does not stop."""
        self.execution.recalled.add((job_id, epoch))
        self._give_back(job_id, epoch)

    def finish(self, claim: Claim, report: FinishReport | None) -> Claim | None:
        """Commit what came of an attempt and return the next job; a stale one is discarded.

        Raises: Unavailable; the caller tries again later.
        """
        report = self._checked(claim, report)
        try:
            status, following = self._commit(claim, report)
        except LeaseLost:
            log.warning("the attempt was stale; its result is discarded", **facts_of(claim))
            self.execution.discard(report)
            return None
        if status is Status.QUEUED:
            self.execution.discard(report, keep_logs=True)
        # Dramatiq sends each line through its master: what went well is not worth one.
        if status is not Status.COMPLETED:
            told = {"outcome": str(report.outcome), "status": str(status)}
            log.info("attempt ended", **facts_of(claim), **told)
        if status in TERMINAL and self.types[claim.job.type].info.internal:
            self.library.job_ended(claim.job.scope, claim.job.id)
        return following

    def _commit(self, claim: Claim, report: FinishReport) -> tuple[Status, Claim | None]:
        station, config = self.station, self.config
        passing = claim.job.type == FORECAST_TYPE
        keep_ms = min(config.keep_ms, FORECAST_KEPT_MS) if passing else config.keep_ms
        limits = {"max_lost": config.max_lost_attempts, "keep_ms": keep_ms}
        if station.draining.is_set() or station.consumer_thread is None:
            return self.store.attempts.finish(claim.job.id, claim.epoch, report, **limits), None
        return self.store.attempts.finish_and_claim(
            claim.job.id,
            claim.epoch,
            report,
            worker=station.worker,
            lease_ms=station.lease_ms,
            **limits,
        )

    def _checked(self, claim: Claim, report: FinishReport | None) -> FinishReport:
        if report is None:
            return FinishReport.of(lost("worker_lost", "The attempt ended without a report."))
        if report.outcome == AttemptEnd.GIVEN_BACK and not self._was_told(claim):
            # Nobody asked for it here: the job was told to end by somebody else, or by itself.
            failure = Failure("killed", "The job's process was told to end.")
            return replace(report, outcome=AttemptEnd.LOST, failure=failure)
        return report

    def _was_told(self, claim: Claim) -> bool:
        """Whether this worker is stopping, or the job was asked back because of a pause."""
        attempt = (claim.job.id, claim.epoch)
        return self.station.draining.is_set() or attempt in self.execution.recalled

    def forget(self, scope: Scope, job_id: str) -> None:
        """Delete the files of a job whose retention is over."""
        self.objects.delete_prefix(object_key("artifacts", scope.tenant, scope.project, job_id))


class RunnerMiddleware(Middleware):
    """Starts the process that forks jobs before any thread exists, and ends it last."""

    def __init__(self, runner: Runner, keepers: Keepers) -> None:
        self._runner = runner
        self._keepers = keepers

    def before_worker_boot(self, broker: dramatiq.Broker, worker: Any) -> None:
        """Start the zygote."""
        self._runner.start()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: Any) -> None:
        """End the zygote with whatever still runs in it, and let go of what is kept."""
        self._runner.close()
        self._keepers.close()


def threads_of(arguments: list[str]) -> int:
    """Return the number of worker threads that Dramatiq's command line asks for."""
    for at, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in ("-t", "--threads"):
            return int(value if equals else arguments[at + 1])
        if argument.startswith("-t") and argument[2:].isdigit():
            return int(argument[2:])
    return 8


def setup(make: Callable[..., WorkerProcess] = WorkerProcess) -> None:
    """Build this process's worker from the environment and make its broker Dramatiq's."""
    config = from_env()
    known: dict[str, Any] = {}
    configure_logs(facts=lambda: known | facts_of_job(), readable=for_people(config))
    logging.getLogger("dramatiq").setLevel(logging.INFO)
    start_tracing("queueapp-worker")
    slots = threads_of(sys.argv)
    process = make(config, slots=slots)
    known["worker"] = process.station.worker
    process.broker.declare_queue(QUEUE)
    dramatiq.set_broker(process.broker)
