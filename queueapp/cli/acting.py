"""Who acts at the command line and why, for the audit trail.

The commands that change something for others use it; what they do stands in their own files.
"""

import argparse
import getpass
import os
import socket

from queueapp.domain.audit import Act

MAX_REASON = 500


def add_reason(verb: argparse.ArgumentParser) -> None:
    """Let a command say why."""
    verb.add_argument("--reason", type=_reason, help="why, for the audit trail")


def _reason(text: str) -> str:
    if not text.isprintable() or len(text) > MAX_REASON:
        raise argparse.ArgumentTypeError(f"up to {MAX_REASON} printable characters")
    return text


def act_of(options: argparse.Namespace) -> Act:
    """Return who runs the command, by the system's name, and why."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = f"uid {os.getuid()}"
    return Act(f"{user}@{socket.gethostname()}", options.reason)
