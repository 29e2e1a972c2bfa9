"""Connections that script calls keep for themselves: the short way to the server and back.

redis-py's way through pool, packing and callbacks costs more than the call itself. ``Scripts``
brings commands ready for the wire; the connections are redis-py's, out of the client's own pool
and within its bound, and some are always left for plain commands.
"""

import os
import socket
import struct
from threading import Lock
from typing import Any

import redis

FOR_OTHERS = 2  # of a pool's connections: a feed; plain reads


def pack(*parts: bytes) -> bytes:
    """Return words of a command as the server reads them."""
    return b"".join([b"$%d\r\n%b\r\n" % (len(part), part) for part in parts])


def leave_time_to_kernel(plug: socket.socket) -> None:
    """Have the kernel end a wait that Python would end.

    Python looks, before each read and write, whether it may: two calls more, at each of which
    another busy thread takes over the interpreter. TLS needs Python's way.
    """
    seconds = plug.gettimeout()
    if type(plug) is not socket.socket or not seconds:
        return
    until = struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        plug.setsockopt(socket.SOL_SOCKET, option, until)
    plug.settimeout(None)


class Wires:
    """A stack of connections: the last one used is the next, so a quiet process opens few."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._most = max(1, pool.max_connections - FOR_OTHERS)
        self._lock = Lock()
        self._forget()

    def call(self, command: bytes, *, first: bytes = b"") -> Any:
        """Send a command and return its answer, behind another one whose answer is dropped.

        Raises: what redis-py raises; after anything but the server's own refusal the connection
        is given up, and with it those that stood idle as long: they are likely to be dead too.
        """
        wire = self._take()
        try:
            wire.send_packed_command((first + command,), check_health=False)
            if first:
                self._drop_answer(wire)
            answer = wire.read_response()
        except redis.ResponseError:
            self._keep(wire)
            raise
        except redis.ConnectionError as error:
            self._give_up(wire)
            if isinstance(error.__context__, BlockingIOError):
                raise redis.TimeoutError("The server did not answer in time") from error
            raise
        except BaseException:
            self._give_up(wire)
            raise
        self._keep(wire)
        return answer

    def _drop_answer(self, wire: Any) -> None:
        try:
            wire.read_response()
        except redis.ResponseError as refused:
            # The other answer is still to come: nothing else may be asked over this connection.
            raise redis.ConnectionError(str(refused)) from refused

    def _forget(self) -> None:
        self._pid = os.getpid()
        self._idle: list[Any] = []
        self._own: set[Any] = set()

    def _take(self) -> Any:
        if self._pid != os.getpid():
            self._forget()  # a fork shares no connection with its parent
        try:
            return self._idle.pop()
        except IndexError:
            return self._pool.get_connection()

    def _keep(self, wire: Any) -> None:
        if wire in self._own or self._adopt(wire):
            self._idle.append(wire)
        else:
            self._pool.release(wire)

    def _adopt(self, wire: Any) -> bool:
        with self._lock:
            if len(self._own) >= self._most:
                return False
            self._own.add(wire)
        leave_time_to_kernel(wire._sock)
        return True

    def _give_up(self, wire: Any) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
            for dead in (wire, *idle):
                self._own.discard(dead)
                dead.disconnect()
                self._pool.release(dead)
