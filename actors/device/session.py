"""A session with one device through netmiko: open it, send lines, say plainly what went wrong.

Host keys are not checked: devices are replaced more often than their keys are published.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from queueapp import BadInput

HIDDEN = "********"
SHORTEST_HIDDEN = 4
# Values of these are hidden wherever they come back from the device.
CONFIDENTIAL = ("password", "secret", "passphrase", "pkey")


class AuthenticationFailed(Exception):
    """The device refused the user."""


class ConnectionFailed(Exception):
    """The device could not be reached."""


class ConnectionLost(Exception):
    """The device dropped the session."""


class DeviceTimeout(Exception):
    """The device did not answer in time."""


class ConfigRefused(Exception):
    """The device refused a line of its configuration."""


Hide = Callable[[Any], Any]


def hiding(secrets: dict[str, Any]) -> Hide:
    """Return what takes secrets out of what a device sent: texts, or records of texts."""
    values = {str(secrets[name]) for name in CONFIDENTIAL if secrets.get(name)}
    known = sorted((v for v in values if len(v) >= SHORTEST_HIDDEN), key=len, reverse=True)

    def hide(found: Any) -> Any:
        if isinstance(found, dict):
            return {name: hide(value) for name, value in found.items()}
        if isinstance(found, list):
            return [hide(value) for value in found]
        if isinstance(found, str):
            for value in known:
                found = found.replace(value, HIDDEN)
        return found

    return hide


class Session:
    """An open session."""

    def __init__(self, connection: Any, hide: Hide) -> None:
        self._connection = connection
        self._hide = hide

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

    def _dropped(self) -> bool:
        client = self._connection.remote_conn_pre  # None but with SSH
        transport = None if client is None else client.get_transport()
        return client is not None and not (transport and transport.is_active())

    def close(self) -> None:
        """End the session."""
        self._connection.disconnect()


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
        arguments["pkey"] = _key(arguments["pkey"], arguments.pop("passphrase", None))
    with told(hide):
        connection = ConnectHandler(**arguments)
        if secrets.get("secret") and not connection.check_enable_mode():
            connection.enable()
    return Session(connection, hide)


def _key(text: str, passphrase: str | None) -> Any:
    from paramiko import ECDSAKey, Ed25519Key, RSAKey, SSHException

    for kind in (Ed25519Key, ECDSAKey, RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text), passphrase)
        except (SSHException, ValueError):
            continue
    raise BadInput("The private key cannot be read with this passphrase.", field="pkey")


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
