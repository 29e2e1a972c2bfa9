"""The process that keeps one device's session, and talks with one job after the other.

The keeper hands it each job that has exactly its credentials. A job that ended well leaves the
session to the next one; after anything else the session ends with this process.
"""

import json
import logging
import select
import signal
import socket
from typing import Any

import netmiko  # noqa: F401 - loaded once in the keeper, for all its forks

from actors.device.session import Session, open_session
from queueapp import BadInput
from queueapp.runner import packets

LOOK_S = 5.0  # between looks at whether the device has ended an idle session
CLOSE_S = 5  # for the device to take leave
SIGN_OF_LIFE_S = 30

logging.getLogger("paramiko").addHandler(logging.NullHandler())


def serve(channel: socket.socket) -> None:
    """Serve jobs until the keeper says that it is enough, or the session is of no more use."""
    session: Session | None = None
    while (come := _next(channel, session)) is not None:
        asked, job = come
        session = _talk(channel, job, asked, session)
        job.close()
        if session is None:
            return
    if session is not None:
        _close(session)


def _next(
    channel: socket.socket, session: Session | None
) -> tuple[dict[str, Any], socket.socket] | None:
    """Wait for the next job; None when there will be none."""
    while not select.select([channel], [], [], LOOK_S)[0]:
        if session is not None and not session.alive:
            return None
    packet, fds, _, _ = socket.recv_fds(channel, packets.PACKET_MAX, 1)
    if not fds:
        return None
    return json.loads(packet[1:]), socket.socket(fileno=fds[0])


def _talk(
    channel: socket.socket, job: socket.socket, asked: dict[str, Any], session: Session | None
) -> Session | None:
    """Do what a job asks; return the session if it may serve another one."""
    try:
        session = _ready(session, asked)
        channel.send(b"open")
        packets.send(job, {"done": None})
        while (said := packets.receive(job)) is not None and said["do"] != "keep":
            packets.send(job, {"done": _do(session, said)})
    except OSError:
        return None  # the job is gone
    except Exception as error:  # noqa: BLE001 - told to the job, whose failure it is
        packets.send(job, _failure(error))
        return None
    if said is None or said["leaves"]:
        return None
    channel.send(b"free")  # the keeper tells the job
    return session


def _ready(session: Session | None, asked: dict[str, Any]) -> Session:
    """Return a session that answers: the one that is kept, else a new one."""
    if session is not None and session.alive and session.is_home():
        return session
    if session is not None:
        session.abandon()
    secrets = {"keepalive": SIGN_OF_LIFE_S, **asked["secrets"]}
    opened = open_session(asked["known"], secrets)
    opened.settle()
    return opened


def _do(session: Session, said: dict[str, Any]) -> Any:
    if said["do"] == "prompt":
        return session.prompt
    if said["do"] == "command":
        return session.command(said["line"], said["options"])
    return session.configure(said["lines"], said["options"])


def _failure(error: Exception) -> dict[str, Any]:
    told = {"failed": type(error).__name__, "message": str(error)}
    return {**told, "field": error.field} if isinstance(error, BadInput) else told


def _close(session: Session) -> None:
    """Take leave of the device, unless it takes too long: then this process ends at once."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(CLOSE_S)
    session.close()
    signal.alarm(0)
