"""A session with a host through plain SSH: each command runs by itself, with an exit status.

For servers and whatever else has no prompt to wait for. Host keys are not checked.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from actors.device.failures import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    DeviceTimeout,
    Hide,
    hiding,
)
from actors.device.keys import private_key
from queueapp import BadInput

READ_S, CONNECT_S = 10.0, 10.0
LOOK_S = 0.01
CHUNK = 65_536
# How the product's words are called by the library.
_NAMES = {
    "host": "hostname",
    "port": "port",
    "username": "username",
    "password": "password",
    "conn_timeout": "timeout",
    "auth_timeout": "auth_timeout",
    "banner_timeout": "banner_timeout",
}


class ShellSession:
    """An open connection."""

    prompt = None  # there is none

    def __init__(self, client: Any, hide: Hide) -> None:
        self._client = client
        self._hide = hide

    def command(self, line: str, options: dict[str, Any]) -> dict[str, Any]:
        """Run one command and return what it wrote and how it ended."""
        with _lost():
            channel = self._client.get_transport().open_session(timeout=CONNECT_S)
            try:
                channel.exec_command(line)
                out, error = self._read(channel, options.get("read_timeout") or READ_S)
                status = channel.recv_exit_status()
            finally:
                channel.close()
        told = {"stdout": _text(out), "stderr": _text(error), "exit_status": status}
        hidden: dict[str, Any] = self._hide(told)
        return hidden

    def configure(self, lines: list[str], options: dict[str, Any]) -> str:
        """Refuse: there is no configuration to enter."""
        raise BadInput("The driver paramiko knows no configuration.", field="mode")

    def _read(self, channel: Any, patience_s: float) -> tuple[bytes, bytes]:
        out, error = b"", b""
        deadline = time.monotonic() + patience_s
        while True:
            # Asked before reading: what came before the end has been read then.
            over = channel.exit_status_ready() and (channel.eof_received or channel.closed)
            while channel.recv_ready():
                out += channel.recv(CHUNK)
            while channel.recv_stderr_ready():
                error += channel.recv_stderr(CHUNK)
            if over and channel.exit_status == -1 and not channel.get_transport().is_active():
                raise ConnectionLost("The host ended the connection before the command was over.")
            if over:
                return out, error
            if time.monotonic() > deadline:
                raise DeviceTimeout(f"The command did not end within {patience_s:g} seconds.")
            time.sleep(LOOK_S)

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    keep = close  # none is kept between jobs


def open_shell(known: dict[str, Any], secrets: dict[str, Any]) -> ShellSession:
    """Connect and log in. Raises: AuthenticationFailed, ConnectionFailed, BadInput."""
    from paramiko import AuthenticationException, SSHClient, SSHException
    from paramiko.client import AutoAddPolicy

    given = {**known, **secrets}
    arguments = {_NAMES[n]: v for n, v in given.items() if n in _NAMES and v is not None}
    if given.get("pkey"):
        arguments["pkey"] = private_key(given["pkey"], given.get("passphrase"))
    client = SSHClient()
    client.set_missing_host_key_policy(AutoAddPolicy())  # noqa: S507 - see above
    try:
        client.connect(
            **{"timeout": CONNECT_S, **arguments}, allow_agent=False, look_for_keys=False
        )
    except AuthenticationException:
        client.close()
        raise AuthenticationFailed("The host refused the user name, password or key.") from None
    except (EOFError, OSError, SSHException) as error:
        client.close()
        told = str(hiding(secrets)(str(error) or type(error).__name__))
        raise ConnectionFailed(told.splitlines()[0][:500]) from None
    if given.get("keepalive"):
        client.get_transport().set_keepalive(given["keepalive"])
    return ShellSession(client, hiding(secrets))


@contextmanager
def _lost() -> Iterator[None]:
    from paramiko import SSHException

    try:
        yield
    except (EOFError, OSError, SSHException) as error:
        raise ConnectionLost(str(error)[:500] or "The host ended the connection.") from None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
