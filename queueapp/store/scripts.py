"""Loads the Lua scripts, renders their prelude from Python's tables, calls them, maps errors.

A script's arguments: KEYS[1] the prefix; ARGV[1] now in ms ("" = the server's clock),
ARGV[2] one JSON object of named arguments, ARGV[3...] blobs that are stored as they come.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Any

import orjson
import redis

from queueapp.domain import errors
from queueapp.domain.queue import FIRST_SEQUENCE, PLACE_STEP, TIER_SPAN, TIERS
from queueapp.domain.states import MOVES
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import lua_key_functions
from queueapp.store.wires import Wires, pack

ERRORS: dict[str, type[errors.QueueappError]] = {
    "NOT_FOUND": errors.NotFound,
    "CONFLICT": errors.Conflict,
    "VERSION_STALE": errors.VersionStale,
    "CROSSES_BOUNDARY": errors.CrossesBoundary,
    "LEASE_LOST": errors.LeaseLost,
    "QUEUE_FULL": errors.QueueFull,
    "IN_USE": errors.InUse,
    "JOB_NOT_CANCELLABLE": errors.JobNotCancellable,
    "JOB_NOT_RETRYABLE": errors.JobNotRetryable,
    "IDEMPOTENCY_MISMATCH": errors.IdempotencyMismatch,
    "IDEMPOTENCY_IN_PROGRESS": errors.IdempotencyInProgress,
    "UNKNOWN_DEPENDENCY": errors.ValidationFailed,
}

_HEADER = re.compile(r"^--- (?P<text>.*)$", re.MULTILINE)
_USES = re.compile(r"^--- USES\s+(?P<parts>.*)$", re.MULTILINE)
_ARGS = re.compile(r"^--- ARGS\s+(?P<names>.*)$", re.MULTILINE)


Sender = Callable[["Script", list[bytes]], Any]


@dataclass(frozen=True)
class Script:
    """One verb: its source with the prelude, its digest, the arguments its header names."""

    name: str
    source: str
    sha: str
    arguments: frozenset[str]
    prelude_lines: int


def _constants() -> str:
    moves = ", ".join(
        f"['{old}>{new}'] = true" for old, targets in MOVES.items() for new in sorted(targets)
    )
    numbers = {
        "TIER_SPAN": TIER_SPAN,
        "PLACE_STEP": PLACE_STEP,
        "FIRST_SEQUENCE": FIRST_SEQUENCE,
    }
    lines = [f"local {name} = {number}" for name, number in numbers.items()]
    names = ", ".join(f"'{level}'" for level in TIERS)
    return "\n".join([*lines, f"local MOVES = {{{moves}}}", f"local PRIORITIES = {{{names}}}"])


def prelude(body: str, parts: tuple[str, ...] = ()) -> str:
    """Return the Lua that a script begins with: what all share, and the parts it uses."""
    root = resources.files("queueapp.store") / "lua"
    shared = [(root / f"_{name}.lua").read_text("utf-8") for name in ("prelude", *parts)]
    keys = lua_key_functions("\n".join([*shared, body]))
    return "\n".join(["local P = KEYS[1]", _constants(), keys, *shared])


def load_scripts() -> dict[str, Script]:
    """Read every script of the package; a missing ARGS header is an error."""
    root = resources.files("queueapp.store") / "lua"
    found = {}
    for entry in sorted(root.iterdir(), key=lambda item: item.name):
        if entry.name.startswith("_") or not entry.name.endswith(".lua"):
            continue
        name = entry.name.removesuffix(".lua")
        body = entry.read_text("utf-8")
        header = _ARGS.search(body)
        if header is None:
            raise ValueError(f"{entry.name} has no ARGS header")
        uses = _USES.search(body)
        head = prelude(body, tuple(uses["parts"].split()) if uses else ())
        source = f"{head}\n{body}"
        names = frozenset(word for word in header["names"].split() if word != "-")
        sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
        found[name] = Script(name, source, sha, names, head.count("\n") + 1)
    return found


class Scripts:
    """Calls scripts by name on one client."""

    def __init__(self, client: Client, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._wires = Wires(client.connection_pool)
        self._scripts = load_scripts()
        self._heads = {
            name: pack(b"EVALSHA", script.sha.encode(), b"1", prefix.encode())
            for name, script in self._scripts.items()
        }

    def call(
        self,
        name: str,
        *blobs: str | bytes,
        now_ms: int | None = None,
        repeat: bool = True,
        **arguments: Any,
    ) -> Any:
        """Run a script; once more if the connection broke and the script knows repeats.

        Raises: the domain error that the script failed with, or ``Unavailable``.
        """
        script = self._scripts[name]
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
                return self._run(script, payload, self._through_wire)
            except redis.ConnectionError:
                return self._run(script, payload, self._through_wire)

    def _run(self, script: Script, payload: list[bytes], send: Sender) -> Any:
        try:
            try:
                return send(script, payload)
            except redis.exceptions.NoScriptError:
                return self._client.eval(script.source, 1, self._prefix, *payload)
        except redis.ResponseError as error:
            raise self._translated(script, error) from error

    def _through_wire(self, script: Script, payload: list[bytes]) -> Any:
        head = b"*%d\r\n%b" % (len(payload) + 4, self._heads[script.name])
        return self._wires.call(head + pack(*payload))

    def _through_pool(self, script: Script, payload: list[bytes]) -> Any:
        return self._client.evalsha(script.sha, 1, self._prefix, *payload)

    @staticmethod
    def _translated(script: Script, error: redis.ResponseError) -> Exception:
        code, _, text = str(error).partition(" ")
        kind = ERRORS.get(code)
        if kind is not None:
            return kind(text.partition(" script: ")[0].strip())
        if isinstance(error, redis.exceptions.OutOfMemoryError | redis.exceptions.ReadOnlyError):
            return error
        line = re.search(r"user_script:(\d+)", str(error))
        where = f"{script.name}.lua:{int(line[1]) - script.prelude_lines}" if line else script.name
        return RuntimeError(f"{where}: {error}")
