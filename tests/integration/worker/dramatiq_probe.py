"""A broker and a middleware that only note what Dramatiq does with them, and a `setup` for its CLI.

The contract test starts `dramatiq tests.integration.worker.dramatiq_probe:setup` as a process of
its own.
"""

import json
import os
import signal
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dramatiq
from dramatiq.broker import MessageProxy
from dramatiq.errors import QueueNotFound
from dramatiq.middleware import Middleware

QUEUE = "jobs"
HOOKS = (
    "process_boot",
    "worker_boot",
    "declare_queue",
    "consumer_thread_boot",
    "worker_thread_boot",
    "process_message",
    "skip_message",
    "ack",
    "nack",
    "worker_shutdown",
    "consumer_thread_shutdown",
    "worker_thread_shutdown",
    "process_shutdown",
    "enqueue",
)


class ListConsumer(dramatiq.Consumer):
    """Hands out the messages of a list, and fails as the test wishes."""

    def __init__(self, broker: "ListBroker") -> None:
        self._broker = broker

    def __next__(self) -> MessageProxy | None:
        self._broker.note("next")
        self._broker.fail("next")
        with self._broker.lock:
            if self._broker.waiting:
                return MessageProxy(self._broker.waiting.pop(0))
        threading.Event().wait(0.01)
        return None

    def ack(self, message: MessageProxy) -> None:
        self._broker.note(f"consumer.ack {message.message_id}")
        self._broker.fail("ack")
        self._broker.ended.set()

    def nack(self, message: MessageProxy) -> None:
        self._broker.note(f"consumer.nack {message.message_id}")
        self._broker.ended.set()

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        self._broker.note(f"consumer.requeue {[m.message_id for m in messages]}")

    def close(self) -> None:
        self._broker.note("consumer.close")


class ListBroker(dramatiq.Broker):
    """The least broker that Dramatiq's worker accepts, built as ours is."""

    def __init__(self, log: Path | None = None) -> None:
        super().__init__(middleware=[])
        self.queues: dict[str, None] = {}
        self.waiting: list[dramatiq.Message[Any]] = []
        self.failures: dict[str, list[Exception]] = {}
        self.notes: list[str] = []
        self.consumers_made = 0
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self._log = log

    def note(self, text: str) -> None:
        """Keep one line."""
        self.notes.append(text)
        if self._log is not None and text != "next":
            with self._log.open("a") as file:
                file.write(text + "\n")

    def fail(self, where: str) -> None:
        """Raise the next failure that is wanted here."""
        if self.failures.get(where):
            raise self.failures[where].pop(0)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 1000) -> dramatiq.Consumer:
        self.consumers_made += 1
        return ListConsumer(self)

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = None
            self.emit_after("declare_queue", queue_name)

    def enqueue(
        self, message: dramatiq.Message[Any], *, delay: int | None = None
    ) -> dramatiq.Message[Any]:
        if message.queue_name not in self.queues:
            raise QueueNotFound(message.queue_name)
        self.emit_before("enqueue", message, delay)
        with self.lock:
            self.waiting.append(message)
        self.emit_after("enqueue", message, delay)
        return message

    def close(self) -> None:
        self.note("broker.close")


class Noting(Middleware):
    """Notes each hook under its own name."""

    def __init__(self, broker: ListBroker, name: str) -> None:
        for hook in HOOKS:
            for when in ("before", "after"):
                setattr(self, f"{when}_{hook}", _noted(broker, f"{name}.{when}_{hook}"))


def _noted(broker: ListBroker, text: str) -> Any:
    def hook(*_: object, **__: object) -> None:
        broker.note(text)

    return hook


class Surroundings(Middleware):
    """Notes what a worker process looks like once Dramatiq says that it has booted."""

    def __init__(self, broker: ListBroker) -> None:
        self._broker = broker

    def after_process_boot(self, broker: dramatiq.Broker) -> None:
        handlers = {n.name: callable(signal.getsignal(n)) for n in (signal.SIGTERM, signal.SIGHUP)}
        self._broker.note("handlers " + json.dumps(handlers))

    def before_worker_boot(self, broker: dramatiq.Broker, worker: Any) -> None:
        consumers = len(worker.consumers)
        self._broker.note(f"threads {worker.worker_threads} consumers {consumers}")

    def after_worker_boot(self, broker: dramatiq.Broker, worker: Any) -> None:
        self._broker.note("ready")


def setup() -> None:
    """Make the broker as a worker does: the CLI calls this, then uses the global broker."""
    broker = ListBroker(Path(os.environ["PROBE_LOG"]))
    broker.add_middleware(Noting(broker, "m"))
    broker.add_middleware(Surroundings(broker))
    broker.declare_queue(QUEUE)
    dramatiq.set_broker(broker)
