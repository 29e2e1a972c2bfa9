"""How a device can fail a job, whatever speaks with it, and what hides its secrets."""

from collections.abc import Callable
from typing import Any

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


class CommandRefused(Exception):
    """The device refused a command."""


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
