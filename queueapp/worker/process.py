"""Puts the parts of a worker process together; nothing else knows all of them."""

import os
import time
from functools import partial
from pathlib import Path
from typing import Any

import dramatiq
from dramatiq.middleware import Middleware

from queueapp import __version__, tracing
from queueapp.broker import QueueBroker
from queueapp.config import Config
from queueapp.consumer import QUEUE, Station
from queueapp.domain.fleet import Worker
from queueapp.domain.job import Claim
from queueapp.domain.scope import Scope
from queueapp.engine.bulk import drive_waiting
from queueapp.engine.devices import open_credentials
from queueapp.engine.engine import Engine
from queueapp.engine.firing import Firing
from queueapp.engine.library import Library
from queueapp.forecasts import FORECAST_TYPE, ForecastErrand, ForecastsDue
from queueapp.job_types import JobType, load_modules
from queueapp.middleware.chores import ChoresMiddleware
from queueapp.middleware.drain import DrainMiddleware
from queueapp.middleware.fence import FenceMiddleware
from queueapp.middleware.heartbeat import HeartbeatMiddleware
from queueapp.middleware.lifecycle import (
    LifecycleMiddleware,
    current_claim,
    leave_report,
)
from queueapp.middleware.orders import OrdersMiddleware
from queueapp.middleware.priority import PriorityMiddleware
from queueapp.middleware.runner import RunnerMiddleware
from queueapp.middleware.succession import SuccessionMiddleware
from queueapp.middleware.tracing import TracingMiddleware, attempt_span, tell_outcome
from queueapp.objects import object_key, open_object_store
from queueapp.runner import Runner, StopKind
from queueapp.runner.keeper import Keepers
from queueapp.server import store_url
from queueapp.store import Store, connect
from queueapp.store.answers import FinishReport
from queueapp.upkeep import Upkeep
from queueapp.upkeep.chores import chores
from queueapp.worker.endings import Endings
from queueapp.worker.execution import Execution
from queueapp.worker.node import this_node, worker_name

JOB_MODULES = ("actors",)
FEWEST_CONNECTIONS, MOST_CONNECTIONS = 4, 16


def connections(slots: int) -> int:
    """Return how many connections a worker may open: one a thread, at least four.

    A worker of four and a web process need eight then; with three more each thread did not do
    more (3,000 tiny jobs on 4 threads: 370 and 380 a second, on 8 threads 360 and 360).
    """
    return max(FEWEST_CONNECTIONS, min(slots, MOST_CONNECTIONS))


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
            finish=self._finish,
        )
        self.runner = Runner(
            modules=(*JOB_MODULES, *config.actors),
            work_dir=work_dir,
            slots=slots,
            right_ends_s=self.station.lease_ends_s,
        )
        self.keepers = self._keepers()
        self.broker = QueueBroker(self.store, max_queued=config.max_queued_jobs)
        self.engine = Engine(
            self.store,
            config,
            enqueue=self.broker.submit,
            enqueue_many=self.broker.submit_many,
            clock=self.store.clock,
        )
        self.library = Library(self.engine, self.objects)
        self.execution = self._execution(work_dir)
        self.endings = Endings(
            self.station, config, self.execution, types=self.types, job_ended=self.library.job_ended
        )
        self.broker.station = self.station
        for part in self._middleware(work_dir):
            self.broker.add_middleware(part)
        for kind in self.types.values():
            self._declare(kind)

    def _keepers(self) -> Keepers:
        return Keepers(
            {kind.keeper for kind in self.types.values() if kind.keeper},
            self.config.data_dir / "keepers",
            node=self.node.id,
            capacity=self.config.pin_capacity,
            idle_s=self.config.pin_idle_seconds,
        )

    def _execution(self, work_dir: Path) -> Execution:
        errand = ForecastErrand(self.store, self.engine.now_ms, self.config.keep_ms)
        return Execution(
            self.store,
            self.objects,
            self.runner,
            work_dir=work_dir,
            opened=partial(open_credentials, self.config),
            keepers=self.keepers,
            errands={FORECAST_TYPE: errand},
        )

    def _registration(self) -> Worker:
        return Worker(
            name=self.station.worker,
            node=self.node,
            pid=os.getpid(),
            slots=self.station.slots,
            born_ms=int(time.time() * 1000),
            version=__version__,
        )

    def _upkeep(self) -> Upkeep:
        config, retry = self.config, self.engine.retry
        tasks = chores(
            self.store,
            config,
            forget=self.forget,
            sweep=self.library.sweep,
            fire=Firing(self.engine).fire_due,
            foresee=ForecastsDue(self.engine, every_ms=config.forecast_ms).ask,
            compare=self.engine.report_card.compare,
            drive=partial(drive_waiting, self.store, keep_ms=config.keep_ms, retry=retry),
        )
        return Upkeep(self.store, tasks, worker=self.station.worker)

    def _middleware(self, work_dir: Path) -> list[Middleware]:
        station, config = self.station, self.config
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
                self._registration(),
                [kind.info for kind in self.types.values()],
                stop=self._stop,
                renewed=self.runner.renew,
                kept=self.keepers.held,
                let_go=self.keepers.close,
                directory=work_dir,
            ),
            FenceMiddleware(station, stop=self._stop),
            OrdersMiddleware(station, stop=self._stop, recall=self._recall),
            ChoresMiddleware(self._upkeep()),
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

    def _finish(self, claim: Claim, report: FinishReport | None) -> Claim | None:
        return self.endings.commit(claim, report)

    def forget(self, scope: Scope, job_id: str) -> None:
        """Delete the files of a job whose retention is over."""
        self.objects.delete_prefix(object_key("artifacts", scope.tenant, scope.project, job_id))
