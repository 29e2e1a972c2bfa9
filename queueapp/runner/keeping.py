"""The keeper's own process: keeps what jobs left open, each thing in a process of its own.

A job says who it is by what it would open (an address, credentials): only who says exactly the same
is handed what is kept, and of it the keeper remembers a keyed digest only. It then talks with that
process directly. One that ends without a good word, because it was killed or failed, leaves nothing
behind: its process is killed. The keeper opens nothing itself, runs no code of a kept thing, and
ends when no worker is connected any more.
"""

import contextlib
import gc
import hmac
import json
import os
import resource
import select
import signal
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NoReturn

from queueapp.runner import packets
from queueapp.runner.confine import die_with

FIRST_LINE_S = 60.0
LAST_WORDS_S = 5.0
MEMORY_BYTES = 1 << 30  # that one kept process may reserve
CHANNEL_FD = 3
_FDS_END = 1 << 20


@dataclass(eq=False)
class Kept:
    """A process that keeps one thing open, and whom it serves."""

    digest: bytes
    place: str
    pid: int
    channel: socket.socket
    client: socket.socket | None
    used_s: float
    open: bool = False


class Keeping:
    """Hands each job the process that keeps what it needs, or makes one."""

    def __init__(self, listener: socket.socket, settings: dict[str, Any]) -> None:
        self._listener = listener
        self._serve = import_module(settings["module"]).serve
        self._capacity: int = settings["capacity"]
        self._idle_s: float = settings["idle_s"]
        self._key = os.urandom(32)
        self._poll = select.epoll()
        self._act: dict[int, Callable[[], None]] = {}
        self._lines: set[socket.socket] = set()
        self._kept: list[Kept] = []
        self._told: list[str] | None = None
        self._until_s = time.monotonic() + FIRST_LINE_S
        self._watch(listener, select.EPOLLIN, self._accept)

    def run(self) -> None:
        """Serve until no worker is left."""
        while self._lines or time.monotonic() < self._until_s:
            for fd, _ in self._poll.poll(self._patience_s()):
                # One event may have made another one's descriptor pointless.
                self._act.get(fd, lambda: None)()
            self._end_idle()
            self._tell()
        for kept in list(self._kept):
            self._end(kept)
        deadline = time.monotonic() + LAST_WORDS_S
        with contextlib.suppress(ChildProcessError):
            while time.monotonic() < deadline:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    time.sleep(0.01)

    def _watch(self, what: socket.socket, mask: int, act: Callable[[], None]) -> None:
        self._act[what.fileno()] = act
        self._poll.register(what.fileno(), mask)

    def _drop(self, what: socket.socket) -> None:
        self._poll.unregister(what.fileno())
        del self._act[what.fileno()]
        what.close()

    def _patience_s(self) -> float:
        idle = [kept.used_s + self._idle_s for kept in self._idle()]
        due = min([*idle, *([] if self._lines else [self._until_s])], default=None)
        return 60.0 if due is None else max(0.0, due - time.monotonic()) + 0.001

    def _idle(self) -> list[Kept]:
        return [kept for kept in self._kept if kept.client is None]

    def _end_idle(self) -> None:
        latest = time.monotonic() - self._idle_s
        for kept in [kept for kept in self._idle() if kept.used_s <= latest]:
            self._end(kept)

    def _tell(self) -> None:
        """Tell the workers what is held, if that has changed."""
        held = sorted({kept.place for kept in self._kept if kept.open})
        if held == self._told:
            return
        self._told = held
        for line in self._lines:
            # A worker that does not read hears of the next change.
            with contextlib.suppress(OSError):
                line.send(packets.LAST + json.dumps({"held": held}).encode(), socket.MSG_DONTWAIT)

    def _accept(self) -> None:
        try:
            caller, _ = self._listener.accept()
        except OSError:
            return
        self._watch(caller, select.EPOLLIN, lambda: self._hear(caller))

    def _hear(self, caller: socket.socket) -> None:
        try:
            packet = caller.recv(packets.PACKET_MAX, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return  # the event was of another one, whose descriptor this one has now
        except OSError:
            packet = b""
        asked = packets.read(packet)
        if asked is not None and "line" in asked:
            self._lines.add(caller)
            self._told = None
        elif asked is not None and "place" in asked:
            self._give(caller, asked, packet)
        else:
            # A worker hung up, or somebody who says nothing that is understood.
            if caller in self._lines:
                self._lines.remove(caller)
                self._until_s = time.monotonic()
            self._drop(caller)

    def _give(self, client: socket.socket, asked: dict[str, Any], packet: bytes) -> None:
        digest = hmac.digest(self._key, json.dumps(asked, sort_keys=True).encode(), "sha256")
        kept = next((one for one in self._idle() if one.digest == digest), None)
        if kept is not None and not _handed(kept, packet, client):
            self._forget(kept)  # it has just ended
            kept = None
        if kept is None:
            kept = self._made(digest, str(asked["place"]))
            if kept is None or not _handed(kept, packet, client):
                self._drop(client)  # it helps itself
                return
        kept.client, kept.used_s = client, time.monotonic()
        # What it says now is for the process alone; only its end matters here.
        self._poll.modify(client.fileno(), 0)
        self._act[client.fileno()] = lambda: self._gone(kept)

    def _made(self, digest: bytes, place: str) -> Kept | None:
        """Start a process; at capacity in place of the idle one that was used longest ago."""
        if len(self._kept) >= self._capacity:
            idle = sorted(self._idle(), key=lambda kept: kept.used_s)
            if not idle:
                return None
            self._end(idle[0])
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError:  # the machine has no room for another process
            ours.close()
            theirs.close()
            return None
        if pid == 0:
            _become_kept(theirs.fileno(), parent, self._serve)
        theirs.close()
        kept = Kept(digest, place, pid, ours, None, time.monotonic())
        self._kept.append(kept)
        self._watch(ours, select.EPOLLIN, lambda: self._listen(kept))
        return kept

    def _listen(self, kept: Kept) -> None:
        """Hear what a kept process has to say: it is open, or it is free again, or it is over."""
        while True:
            try:
                said = kept.channel.recv(16, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError:
                said = b""
            if said == b"open":
                kept.open = True
            elif said == b"free":
                self._free(kept)
            elif not said:
                self._forget(kept)
                return

    def _free(self, kept: Kept) -> None:
        """Let a process wait for the next job. The workers know before its job can be over."""
        client, kept.client, kept.used_s = kept.client, None, time.monotonic()
        self._tell()
        if client is not None:
            with contextlib.suppress(OSError):
                client.send(packets.LAST + b'{"kept": true}', socket.MSG_DONTWAIT)
            self._drop(client)

    def _gone(self, kept: Kept) -> None:
        """A job is over: unless it said so properly, what it used may be amid anything."""
        self._listen(kept)
        if kept.client is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(kept.pid, signal.SIGKILL)
            self._forget(kept)

    def _end(self, kept: Kept) -> None:
        """Have an idle process close what it keeps and end; it is not for use any more."""
        self._kept.remove(kept)
        with contextlib.suppress(OSError):
            kept.channel.send(b"end", socket.MSG_DONTWAIT)

    def _forget(self, kept: Kept) -> None:
        if kept in self._kept:
            self._kept.remove(kept)
        if kept.client is not None:
            self._drop(kept.client)
            kept.client = None
        self._drop(kept.channel)
        # Its end of the channel is shut by its end alone, or it was killed.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(kept.pid, 0)


def _handed(kept: Kept, packet: bytes, client: socket.socket) -> bool:
    """Hand a job to the process that keeps what it needs; False when that is gone."""
    try:
        socket.send_fds(kept.channel, [packet], [client.fileno()])
    except OSError:
        return False
    return True


def _become_kept(channel: int, parent: int, serve: Callable[[socket.socket], None]) -> NoReturn:
    """Turn a fresh fork into the process that keeps one thing; never return."""
    try:
        die_with(parent)
        os.dup2(channel, CHANNEL_FD)
        os.closerange(CHANNEL_FD + 1, _FDS_END)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
        gc.enable()
        serve(socket.socket(fileno=CHANNEL_FD))
    except BaseException:  # noqa: BLE001 - a fork must never return to the keeper's loop
        traceback.print_exc()
    finally:
        os._exit(0)


def main(settings: dict[str, Any]) -> NoReturn:
    """Leave the worker that started this, and serve until all workers are gone."""
    if os.fork():
        os._exit(0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # workers stop; it follows the last of them
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # two for each thing that is kept
    keeping = Keeping(socket.socket(fileno=settings["listener"]), settings)
    gc.collect()
    gc.freeze()
    gc.disable()
    keeping.run()
    os._exit(0)
