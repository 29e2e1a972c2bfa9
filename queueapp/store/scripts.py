"""Calls the functions of the Lua library by name, maps their errors, loads it when it is missing.

A function's arguments: KEYS[1] the prefix; ARGV[1] now in ms ("" = the server's clock),
ARGV[2] one JSON object of named arguments, ARGV[3...] blobs that are stored as they come.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
import redis

from queueapp.domain import errors
from queueapp.store.clock import in_ms
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.library import Script, library
from queueapp.store.wires import Wires, pack

ERRORS: dict[str, type[errors.QueueappError]] = {
    "NOT_FOUND": errors.NotFound,
    "CONFLICT": errors.Conflict,
    "VERSION_STALE": errors.VersionStale,
    "CROSSES_BOUNDARY": errors.CrossesBoundary,
    "NOT_YOUR_JOB": errors.NotYourJob,
    "NOT_YOUR_PLACE": errors.NotYourPlace,
    "MOVE_TOO_FAR": errors.MoveTooFar,
    "LEASE_LOST": errors.LeaseLost,
    "QUEUE_FULL": errors.QueueFull,
    "IN_USE": errors.InUse,
    "JOB_NOT_CANCELLABLE": errors.JobNotCancellable,
    "JOB_NOT_RETRYABLE": errors.JobNotRetryable,
    "IDEMPOTENCY_MISMATCH": errors.IdempotencyMismatch,
    "IDEMPOTENCY_IN_PROGRESS": errors.IdempotencyInProgress,
    "UNKNOWN_DEPENDENCY": errors.ValidationFailed,
}

Sender = Callable[[Script, list[bytes]], Any]


class Scripts:
    """Calls scripts by name on one client."""

    def __init__(self, client: Client, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._library = library()
        self._wires = Wires(client.connection_pool)
        self._heads = {
            name: pack(b"FCALL", script.function.encode(), b"1", prefix.encode())
            for name, script in self._library.scripts.items()
        }

    def call(
        self,
        name: str,
        *blobs: str | bytes,
        now_ms: int | None = None,
        repeat: bool = True,
        first: tuple[bytes, ...] = (),
        **arguments: Any,
    ) -> Any:
        """Run a script; once more if the connection broke and the script knows repeats.

        ``first`` are the words of a command that is sent with it and done before it; its answer is
        dropped, and it is not repeated.

        Raises: the domain error that the script failed with, or ``Unavailable``.
        """
        script = self._library.scripts[name]
        if script.arguments != arguments.keys():
            odd = sorted(script.arguments ^ arguments.keys())
            raise TypeError(f"{name}.lua and its caller disagree about {odd}")
        now = b"" if now_ms is None else b"%d" % now_ms
        texts = [blob.encode() if isinstance(blob, str) else blob for blob in blobs]
        payload = [now, orjson.dumps(arguments), *texts]
        with store_errors():
            if not repeat:
                # The pool looks whether a connection is alive; a wire finds out by failing.
                return self._run(script, payload, self._through_pool)
            try:
                if first:
                    return self._run(script, payload, partial(self._behind, first))
                return self._run(script, payload, self._through_wire)
            except redis.ConnectionError:
                return self._run(script, payload, self._through_wire)

    def retire(self, *, before_ms: int) -> None:
        """Delete the libraries of other releases that were loaded before a time.

        A release that is still at work loads its own again with its next call.
        """
        known = Keys(self._prefix)("libraries")
        with store_errors():
            for name in self._client.zrange(known, "-inf", before_ms, byscore=True):
                if name == self._library.name:
                    continue
                try:
                    self._client.function_delete(name)
                except redis.ResponseError as error:
                    if "not found" not in str(error):
                        raise
                self._client.zrem(known, name)

    def _run(self, script: Script, payload: list[bytes], send: Sender) -> Any:
        try:
            try:
                return send(script, payload)
            except redis.ResponseError as error:
                if "Function not found" not in str(error):
                    raise
            self._load()
            return send(script, payload)
        except redis.ResponseError as error:
            raise self._translated(script, error) from error

    def _through_wire(self, script: Script, payload: list[bytes]) -> Any:
        return self._wires.call(self._command(script, payload))

    def _behind(self, first: tuple[bytes, ...], script: Script, payload: list[bytes]) -> Any:
        command = b"*%d\r\n%b" % (len(first), pack(*first))
        return self._wires.call(self._command(script, payload), first=command)

    def _command(self, script: Script, payload: list[bytes]) -> bytes:
        return b"*%d\r\n%b%b" % (len(payload) + 4, self._heads[script.name], pack(*payload))

    def _through_pool(self, script: Script, payload: list[bytes]) -> Any:
        return self._client.fcall(script.function, 1, self._prefix, *payload)

    def _load(self) -> None:
        try:
            self._client.function_load(self._library.source)
        except redis.ResponseError as error:
            # Another process was faster.
            if "already exists" not in str(error):
                raise
        loaded = {self._library.name: in_ms(self._client.time())}
        self._client.zadd(Keys(self._prefix)("libraries"), loaded)

    def _translated(self, script: Script, error: redis.ResponseError) -> Exception:
        code, _, text = str(error).partition(" ")
        kind = ERRORS.get(code)
        if kind is not None:
            message, brace, facts = text.partition(" script: ")[0].partition(" {")
            return kind(message.strip(), **(orjson.loads(brace.strip() + facts) if brace else {}))
        if isinstance(error, redis.exceptions.OutOfMemoryError | redis.exceptions.ReadOnlyError):
            return error
        line = re.search(r"user_function:(\d+)", str(error))
        where = self._library.place(int(line[1])) if line else script.name
        return RuntimeError(f"{where}: {error}")
