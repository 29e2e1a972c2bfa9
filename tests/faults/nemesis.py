"""Chooses faults by a seed and lets them happen to a running installation."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import psutil

from tests.faults.ground import LEASE_S, Ground, Machine
from tests.faults.proxy import Weather


class Nemesis:
    """One fault after another, each over before the next begins."""

    def __init__(self, ground: Ground, dice: random.Random) -> None:
        self.ground = ground
        self.dice = dice
        self.done: Counter[str] = Counter()
        self.frozen: set[tuple[str, int]] = set()

    @property
    def kills(self) -> list[Callable[[], None]]:
        """Sudden deaths."""
        return [self.worker, self.worker, self.child, self.zygote, self.web, self.store]

    @property
    def troubles(self) -> list[Callable[[], None]]:
        """Everything that can go wrong."""
        return [*self.kills, self.freeze, self.darkness, self.refusal, self.slowness, self.cuts]

    def strike(self, faults: list[Callable[[], None]]) -> None:
        """Let one fault of the list happen."""
        fault = self.dice.choice(faults)
        fault()
        self.done[fault.__name__] += 1

    def _machine(self) -> Machine:
        return self.dice.choice(self.ground.machines)

    # -- deaths -------------------------------------------------------------------------------

    def worker(self) -> None:
        """Kill a worker and its master."""
        self._machine().kill()

    def child(self) -> None:
        """Kill the process of a job."""
        alive: dict[int, bool] = {}
        for line in self.ground.lines()[-200:]:
            alive[line.pid] = line.fact != "end"
        found = [pid for pid, runs in alive.items() if runs and psutil.pid_exists(pid)]
        if found:
            with suppress(ProcessLookupError):
                os.kill(self.dice.choice(found), signal.SIGKILL)

    def zygote(self) -> None:
        """Kill the process that forks jobs."""
        for one in self._machine().program.below("zygote")[:1]:
            with suppress(psutil.Error):
                one.kill()

    def web(self) -> None:
        """Kill the web process and its master."""
        if self.ground.web is not None:
            for one in self.ground.web.below():
                with suppress(psutil.Error):
                    one.kill()

    def store(self) -> None:
        """Kill the store's server."""
        self.ground.kill_store()

    # -- troubles -----------------------------------------------------------------------------

    def freeze(self) -> None:
        """Stop a worker past its lease, then let it go on."""
        machine = self._machine()
        with suppress(psutil.Error, AssertionError):
            worker = machine.worker_process()
            worker.suspend()
            self._remember(machine)
            time.sleep(LEASE_S * self.dice.uniform(0.5, 2))
            worker.resume()

    def _remember(self, machine: Machine) -> None:
        """Note whose children live on although their worker cannot end them."""
        for job_id in self.ground.store.jobs.leased(limit=1000):
            fields = self.ground.client.hmget(
                self.ground.store.keys("job", job_id), "node", "epoch"
            )
            if fields[0] == machine.name:
                self.frozen.add((job_id, int(fields[1])))

    def darkness(self) -> None:
        """Cut a machine off: nothing passes, then everything arrives late."""
        self._weather(Weather.BLACKHOLE, LEASE_S * self.dice.uniform(0.3, 2))

    def refusal(self) -> None:
        """Refuse a machine's connections for a while."""
        self._weather(Weather.REFUSE, self.dice.uniform(0.5, 5))

    def _weather(self, weather: Weather, seconds: float) -> None:
        wire = self._machine().wire
        wire.become(weather)
        time.sleep(seconds)
        wire.become(Weather.FAIR)

    def slowness(self) -> None:
        """Hold answers back."""
        wire = self._machine().wire
        wire.delay(self.dice.uniform(0.02, 0.3))
        time.sleep(self.dice.uniform(0.5, 2))
        wire.delay(0)

    def cuts(self) -> None:
        """Lose single answers, some in a row."""
        wire = self._machine().wire
        for _ in range(5):
            wire.cut_reply(self.dice.randint(1, 20), times=self.dice.randint(1, 3))
            time.sleep(0.1)
