"""A session that the node's keeper has, as a job uses it: what it asks is done in another process.

The same verbs as a job's own session, with the same failures.
"""

import socket
from pathlib import Path
from typing import Any

from actors.device import failures
from queueapp import BadInput
from queueapp.runner import packets
from queueapp.runner.packets import connect
from queueapp.runner.task import Keeping

_FAILURES: dict[str, type[Exception]] = {
    kind.__name__: kind
    for kind in (
        failures.AuthenticationFailed,
        failures.ConnectionFailed,
        failures.ConnectionLost,
        failures.ConfigRefused,
        failures.DeviceTimeout,
    )
}


class NothingKept(Exception):
    """The keeper is gone, or has no room."""


class BorrowedSession:
    """A session that outlives the job, if the job ends well."""

    def __init__(self, kept: socket.socket) -> None:
        self._kept = kept
        self._leaves_home = False

    @property
    def prompt(self) -> str:
        """The device's prompt now."""
        return str(self._ask({"do": "prompt"}))

    def command(self, line: str, options: dict[str, Any]) -> Any:
        """Send one command and return what came back: text, or records where parsing was asked."""
        return self._ask({"do": "command", "line": line, "options": options})

    def configure(self, lines: list[str], options: dict[str, Any]) -> str:
        """Send lines of configuration and return the whole dialogue."""
        # Left in its configuration a device may be locked for others.
        self._leaves_home |= options.get("exit_config_mode") is False
        return str(self._ask({"do": "configure", "lines": lines, "options": options}))

    def keep(self) -> None:
        """Leave the session to the next job."""
        try:
            packets.send(self._kept, {"do": "keep", "leaves": self._leaves_home})
            packets.receive(self._kept)
        except OSError:
            pass  # then it is not kept, which takes nothing from this job
        finally:
            self._kept.close()

    def close(self) -> None:
        """Let go of the session without a good word: it ends."""
        self._kept.close()

    def _ask(self, what: dict[str, Any]) -> Any:
        try:
            packets.send(self._kept, what)
        except OSError:
            raise failures.ConnectionLost("The session has ended.") from None
        return _answer(self._kept)


def borrow_session(
    keeping: Keeping, known: dict[str, Any], secrets: dict[str, Any]
) -> BorrowedSession:
    """Return the session that is kept for exactly these credentials, or a new one.

    Raises: NothingKept, AuthenticationFailed, ConnectionFailed, BadInput.
    """
    asked = {"place": keeping.place, "known": known, "secrets": secrets}
    try:
        kept = connect(Path(keeping.address))
    except OSError as error:
        raise NothingKept from error
    try:
        packets.send(kept, asked)
        if "done" not in (told := packets.receive(kept) or {}):
            _raise(told)
    except OSError as error:
        kept.close()
        raise NothingKept from error
    except BaseException:
        kept.close()
        raise
    return BorrowedSession(kept)


def _answer(kept: socket.socket) -> Any:
    told = packets.receive(kept)
    if told is None:
        raise failures.ConnectionLost("The session has ended.")
    if "failed" in told:
        _raise(told)
    return told["done"]


def _raise(told: dict[str, Any]) -> None:
    if not told:
        raise NothingKept
    if told["failed"] == "BadInput":
        raise BadInput(told["message"], field=told.get("field"))
    raise _FAILURES.get(told["failed"], failures.ConnectionLost)(told["message"])
