"""What we take from Dramatiq, stated as tests: an upgrade that breaks one says which.

Nothing of ours is used here but the assumptions of `broker.py`, `worker.py` and `middleware/`.
"""

import inspect
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dramatiq
import pytest
from dramatiq import worker as dramatiq_worker
from dramatiq.broker import MessageProxy
from dramatiq.errors import BrokerConnectionError, ConnectionClosed
from dramatiq.middleware import Middleware, MiddlewareError, SkipMessage

from tests.integration.worker.dramatiq_probe import QUEUE, ListBroker, Noting
from tests.waiting import eventually

ROOT = Path(__file__).resolve().parents[3]


def names(function: object) -> list[str]:
    """The parameters of a function, without self."""
    found = inspect.signature(function).parameters  # type: ignore[arg-type]
    return [name for name in found if name != "self"]


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> ListBroker:
    """A broker with two noting middleware, and quick second tries."""
    monkeypatch.setattr(dramatiq_worker, "CONSUMER_RESTART_DELAY_SECS", 0.01)
    monkeypatch.setattr(dramatiq_worker, "POST_PROCESS_MESSAGE_RETRY_DELAY_SECS", 0.01)
    made = ListBroker()
    for name in ("first", "second"):
        made.add_middleware(Noting(made, name))
    made.declare_queue(QUEUE)
    return made


@pytest.fixture
def worker(broker: ListBroker) -> Iterator[dramatiq.Worker]:
    """A worker with one thread, not started."""
    made = dramatiq.Worker(broker, worker_threads=1, worker_timeout=20)
    yield made
    if made.workers:
        made.stop()


def run_one(broker: ListBroker, worker: dramatiq.Worker, actor: object) -> list[str]:
    """Enqueue one message for an actor, run it, and return what was noted of it."""
    declared = dramatiq.actor(actor_name="act", queue_name=QUEUE, broker=broker)(actor)  # type: ignore[call-overload]
    worker.start()
    broker.notes.clear()
    declared.send()
    assert broker.ended.wait(60)
    worker.join()
    return [one.split(" ")[0] for one in broker.notes if one != "next"]


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        (dramatiq.Broker.consume, ["queue_name", "prefetch", "timeout"]),
        (dramatiq.Broker.declare_queue, ["queue_name"]),
        (dramatiq.Broker.enqueue, ["message", "delay"]),
        (dramatiq.Broker.get_declared_queues, []),
        (dramatiq.Broker.flush, ["queue_name"]),
        (dramatiq.Broker.flush_all, []),
        (dramatiq.Broker.close, []),
        (dramatiq.Broker.emit_before, ["signal", "args", "kwargs"]),
        (dramatiq.Broker.emit_after, ["signal", "args", "kwargs"]),
        (dramatiq.Broker.add_middleware, ["middleware", "before", "after"]),
        (dramatiq.Consumer.__next__, []),
        (dramatiq.Consumer.ack, ["message"]),
        (dramatiq.Consumer.nack, ["message"]),
        (dramatiq.Consumer.requeue, ["messages"]),
        (dramatiq.Consumer.close, []),
        (MessageProxy.__init__, ["message"]),
        (Middleware.before_enqueue, ["broker", "message", "delay"]),
        (Middleware.before_process_message, ["broker", "message"]),
        (Middleware.after_process_message, ["broker", "message", "result", "exception"]),
        (Middleware.after_process_boot, ["broker"]),
        (Middleware.before_worker_boot, ["broker", "worker"]),
        (Middleware.after_worker_boot, ["broker", "worker"]),
        (Middleware.before_worker_shutdown, ["broker", "worker"]),
        (Middleware.after_worker_shutdown, ["broker", "worker"]),
        (dramatiq.Worker.__init__, ["broker", "queues", "worker_timeout", "worker_threads"]),
        (dramatiq.Worker.stop, ["timeout"]),
    ],
    ids=lambda value: value.__qualname__ if callable(value) else "",
)
def test_methods_that_we_override_or_call(method: object, parameters: list[str]) -> None:
    """The methods exist and take what they took."""
    assert parameters == names(method)


def test_lost_connections_are_known_by_their_class() -> None:
    """ConnectionClosed is a connection error, and an error of ours is not."""
    assert issubclass(ConnectionClosed, BrokerConnectionError)
    assert issubclass(MiddlewareError, Exception)


def test_a_message_carries_what_ours_does() -> None:
    """A message is a frozen record whose copy takes further options; a proxy shows its fields."""
    message: dramatiq.Message[object] = dramatiq.Message(
        queue_name=QUEUE, actor_name="a", args=(), kwargs={}, options={"x": 1}, message_id="id"
    )
    proxy = MessageProxy(message.copy(options={"y": 2}))

    assert ("id", "a", QUEUE, {"x": 1, "y": 2}) == (
        proxy.message_id,
        proxy.actor_name,
        proxy.queue_name,
        proxy.options,
    )
    assert not proxy.failed


def test_hooks_go_in_order_and_come_back_in_reverse(
    broker: ListBroker, worker: dramatiq.Worker
) -> None:
    """The first middleware is the last to see the result, and ack comes after that."""
    noted = run_one(broker, worker, lambda: broker.note("actor"))
    last = noted[noted.index("first.before_process_message") :]

    assert [
        "first.before_process_message",
        "second.before_process_message",
        "actor",
        "second.after_process_message",
        "first.after_process_message",
        "first.before_ack",
        "second.before_ack",
        "consumer.ack",
        "second.after_ack",
        "first.after_ack",
    ] == last


def test_a_failed_actor_is_acknowledged(broker: ListBroker, worker: dramatiq.Worker) -> None:
    """An exception alone makes no nack: the outcome must be carried apart."""

    def broken() -> None:
        raise RuntimeError("on purpose")

    assert "consumer.ack" in run_one(broker, worker, broken)


def test_a_skipped_message_is_acknowledged(broker: ListBroker, worker: dramatiq.Worker) -> None:
    """A message that a hook skips is acknowledged without its actor."""

    class Skipping(Middleware):
        def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
            raise SkipMessage

    broker.add_middleware(Skipping())
    noted = run_one(broker, worker, lambda: broker.note("actor"))

    assert "actor" not in noted
    assert noted.index("first.after_skip_message") < noted.index("consumer.ack")


def test_a_connection_error_at_ack_is_tried_again(
    broker: ListBroker, worker: dramatiq.Worker
) -> None:
    """ack is called until it works; the hook before it too, the one after it once."""
    broker.failures["ack"] = [ConnectionClosed(OSError()), ConnectionClosed(OSError())]
    noted = run_one(broker, worker, lambda: None)

    assert 3 == noted.count("consumer.ack")
    assert 1 == noted.count("first.after_ack")


def test_another_error_at_ack_is_not(broker: ListBroker, worker: dramatiq.Worker) -> None:
    """Any other error drops the message: our ack must have let the job go by then."""
    broker.failures["ack"] = [RuntimeError("on purpose")]
    declared = dramatiq.actor(actor_name="act", queue_name=QUEUE, broker=broker)(lambda: None)
    worker.start()
    declared.send()
    eventually(lambda: not broker.failures["ack"])
    worker.join()

    assert 1 == [one.split(" ")[0] for one in broker.notes].count("consumer.ack")


@pytest.mark.parametrize("error", [ConnectionClosed(OSError()), RuntimeError("on purpose")])
def test_a_consumer_that_fails_is_made_again(
    broker: ListBroker, worker: dramatiq.Worker, error: Exception
) -> None:
    """An error while waiting closes the consumer, asks the broker for another, and goes on."""
    broker.failures["next"] = [error]
    noted = run_one(broker, worker, lambda: None)

    assert "consumer.ack" in noted
    assert 2 == broker.consumers_made


def test_threads_stop_before_consumers(broker: ListBroker, worker: dramatiq.Worker) -> None:
    """At shutdown consumers outlive the worker threads, so that claims must be stopped by us."""
    worker.start()
    broker.notes.clear()
    worker.stop()
    # Threads may note their own boots late.
    noted = [one for one in broker.notes if one != "next" and "thread_boot" not in one]

    assert "first.before_worker_shutdown" == noted[0]
    assert "first.after_worker_shutdown" == noted[-1]
    threads = noted.index("first.before_worker_thread_shutdown")
    assert threads < noted.index("first.before_consumer_thread_shutdown")
    assert noted.index("consumer.close") < len(noted) - 2
    worker.workers.clear()


def test_the_command_takes_a_callable_and_boots_after_its_handlers(tmp_path: Path) -> None:
    """`dramatiq module:function` calls it in the worker process, then emits the hooks in order."""
    log = tmp_path / "log"
    command = [sys.executable, "-m", "dramatiq", "tests.integration.worker.dramatiq_probe:setup"]
    environ = {**os.environ, "PROBE_LOG": str(log), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [*command, "--processes", "1", "--threads", "3"], cwd=ROOT, env=environ
    )
    try:
        noted = eventually(lambda: _noted(log, "ready"))
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(60)
    finally:
        process.kill()
        process.wait()
    ended = log.read_text().splitlines()

    assert 'handlers {"SIGTERM": true, "SIGHUP": true}' in noted
    assert "threads 3 consumers 0" in noted
    boot = [noted.index(f"m.{hook}") for hook in ("after_process_boot", "before_worker_boot")]
    assert boot == sorted(boot)
    assert ended.index("m.before_worker_shutdown") < ended.index("m.after_worker_shutdown")
    assert "broker.close" == ended[-1]


def _noted(log: Path, line: str) -> list[str] | None:
    noted = log.read_text().splitlines() if log.exists() else []
    return noted if line in noted else None
