"""A session with one device through netmiko: open it, send lines, say plainly what went wrong.

Host keys are not checked: devices are replaced more often than their keys are published.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from actors.device.failures import (
    AuthenticationFailed,
    ConfigRefused,
    ConnectionFailed,
    ConnectionLost,
    DeviceTimeout,
    Hide,
    hiding,
)
from actors.device.keys import private_key
from queueapp import BadInput

HOME_S, QUIET_S = 5.0, 0.5  # for a sign of life, and for the rest of it
LOOK_S = 0.01


class Session:
    """An open session."""

    def __init__(self, connection: Any, hide: Hide) -> None:
        self._connection = connection
        self._hide = hide
        self._home: str | None = None

    @property
    def prompt(self) -> str:
        """The device's prompt now."""
        with told(self._hide, self._dropped):
            return str(self._hide(self._connection.find_prompt()))

    def command(self, line: str, options: dict[str, Any]) -> Any:
        """Send one command and return what came back: text, or records where parsing was asked."""
        with told(self._hide, self._dropped):
            return self._hide(self._connection.send_command(line, **options))

    def configure(self, lines: list[str], options: dict[str, Any]) -> str:
        """Send lines of configuration and return the whole dialogue."""
        with told(self._hide, self._dropped):
            return str(self._hide(self._connection.send_config_set(lines, **options)))

    def settle(self) -> None:
        """Note the prompt that a session has before anything was sent."""
        with told(self._hide, self._dropped):
            self._home = self._connection.find_prompt()

    def is_home(self) -> bool:
        """Tell whether the device answers in time, and with the prompt of the beginning.

        One that is amid a configuration or another dialogue, or has another name by now, does not.
        """
        from netmiko.exceptions import NetmikoBaseException

        connection, got = self._connection, ""
        heard_s = time.monotonic()
        try:
            connection.read_channel()  # what the device said unasked
            connection.write_channel(connection.RETURN)
            while self.alive and time.monotonic() < heard_s + (QUIET_S if got else HOME_S):
                new = connection.read_channel()
                got, heard_s = got + new, time.monotonic() if new else heard_s
                if _last_line(got) == self._home:
                    return True
                time.sleep(LOOK_S)
        except (EOFError, OSError, ValueError, NetmikoBaseException):
            return False
        return False

    @property
    def alive(self) -> bool:
        """Whether the connection stands, as far as can be told without asking the device."""
        return not self._dropped()

    def _dropped(self) -> bool:
        client = self._connection.remote_conn_pre  # None but with SSH
        transport = None if client is None else client.get_transport()
        return client is not None and not (transport and transport.is_active())

    def close(self) -> None:
        """End the session."""
        self._connection.disconnect()

    def abandon(self) -> None:
        """Drop the connection without taking leave: the device may be amid anything."""
        connection = self._connection
        with suppress(Exception):  # it may be gone already
            if connection.protocol == "ssh":
                connection.paramiko_cleanup()
            else:
                connection.remote_conn.close()

    def keep(self) -> None:
        """End the session: a job's own cannot outlive it."""
        self.close()


def open_session(known: dict[str, Any], secrets: dict[str, Any]) -> Session:
    """Connect and log in; become privileged where there is a secret for it.

    Raises: AuthenticationFailed, ConnectionFailed, BadInput.
    """
    from netmiko import ConnectHandler, platforms

    if known["device_type"] not in platforms or known["device_type"].endswith("_serial"):
        raise BadInput(f"netmiko knows no device type {known['device_type']!r}", "device_type")
    hide = hiding(secrets)
    given = {**known, **secrets}
    arguments = {name: value for name, value in given.items() if value is not None}
    if "pkey" in arguments:
        arguments["pkey"] = private_key(arguments["pkey"], arguments.pop("passphrase", None))
    with told(hide):
        connection = ConnectHandler(**arguments)
        if secrets.get("secret") and not connection.check_enable_mode():
            connection.enable()
    return Session(connection, hide)


def _last_line(text: str) -> str:
    lines = str(text).strip().splitlines()
    return lines[-1].strip() if lines else ""


@contextmanager
def told(hide: Hide, dropped: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Turn netmiko's many errors into five; of their texts the beginning is of use."""
    from netmiko.exceptions import (
        ConfigInvalidException,
        NetmikoAuthenticationException,
        NetmikoTimeoutException,
        ReadTimeout,
    )
    from paramiko import SSHException

    def first_line(error: Exception) -> str:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        told = " ".join(lines[:2]) if lines and lines[0].endswith(":") else "".join(lines[:1])
        return str(hide(told or type(error).__name__))[:500]

    try:
        yield
    except NetmikoAuthenticationException:
        raise AuthenticationFailed("The device refused the user name, password or key.") from None
    except NetmikoTimeoutException as error:
        raise ConnectionFailed(first_line(error)) from None
    except ReadTimeout as error:
        # netmiko waits for a session that is gone as for one that is slow.
        kind = ConnectionLost if dropped() else DeviceTimeout
        raise kind(first_line(error)) from None
    except ConfigInvalidException as error:
        raise ConfigRefused(first_line(error)) from None
    except (EOFError, OSError, SSHException) as error:
        raise ConnectionLost(first_line(error)) from None
    except ValueError as error:
        # netmiko's word for an enable secret that is wrong, a prompt that it does not find, …
        raise ConnectionFailed(first_line(error)) from None
