"""Signals reach the middleware that hears them, in Dramatiq's order, and nobody else."""

from typing import Any

import dramatiq
import pytest
from dramatiq.middleware import Middleware, SkipMessage

from queueapp.broker import QueueBroker


class Noting(Middleware):
    """Notes when it hears of an ack."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self.name = name
        self.notes = notes

    def before_ack(self, broker: dramatiq.Broker, message: Any) -> None:
        """Note it, or fail."""
        self.notes.append(f"before {self.name}")
        if message == self.name:
            raise SkipMessage("not me")

    def after_ack(self, broker: dramatiq.Broker, message: Any) -> None:
        """Note it, or fail."""
        self.notes.append(f"after {self.name}")
        if message == self.name:
            raise ValueError("broken")


@pytest.fixture
def notes() -> list[str]:
    """What was heard."""
    return []


@pytest.fixture
def broker(notes: list[str]) -> QueueBroker:
    """A broker with a middleware that hears nothing between two that do."""
    parts = [Noting("first", notes), Middleware(), Noting("second", notes)]
    return QueueBroker(None, middleware=parts)  # type: ignore[arg-type] # no store is asked


def test_signals_go_there_and_back(broker: QueueBroker, notes: list[str]) -> None:
    """Before something from the first to the last, after it from the last to the first."""
    broker.emit_before("ack", None)
    broker.emit_after("ack", None)

    assert ["before first", "before second", "after second", "after first"] == notes


def test_middleware_that_comes_later_hears_too(broker: QueueBroker, notes: list[str]) -> None:
    """Who hears a signal is looked up again when somebody joins."""
    broker.emit_before("ack", None)
    broker.add_middleware(Noting("third", notes), before=Noting)
    broker.emit_before("ack", None)

    assert "before third" == notes[2]


def test_a_refusal_ends_a_signal_and_a_failure_does_not(
    broker: QueueBroker, notes: list[str]
) -> None:
    """Middleware may refuse before something; whatever else goes wrong stops nobody."""
    with pytest.raises(SkipMessage):
        broker.emit_before("ack", "first")
    broker.emit_after("ack", "second")

    assert ["before first", "after second", "after first"] == notes
