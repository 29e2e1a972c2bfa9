"""Renders the Lua of ``lua/`` into one function library, with Python's tables in it.

``scripts.py`` loads it into the server and calls its functions. What scripts share is defined when
the library is loaded, not at each call. The library and its functions carry a digest of their
source in their names, so that two releases on one server each call their own.
"""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import accumulate

from queueapp.domain.meters import METER_BOUNDS_MS
from queueapp.domain.queue import FIRST_SEQUENCE, PLACE_STEP, TIER_SPAN, TIERS
from queueapp.domain.states import MOVES
from queueapp.store.keys import lua_key_functions

NAME_BEGINS = "queueapp_"
# In the order in which each may use what stands before it.
PARTS = (
    "prelude",
    "history",
    "order",
    "pauses",
    "keepers",
    "hosts",
    "attempts",
    "claiming",
    "steering",
    "places",
    "tiers",
    "bulk",
    "graph",
    "schedules",
)

_ARGS = re.compile(r"^--- ARGS\s+(?P<names>.*)$", re.MULTILINE)
_TOP = re.compile(
    r"^local (?P<function>function )?(?P<names>\w+(?:, \w+)*)(?P<value> =)?", re.MULTILINE
)
_WORD = re.compile(r"\w+")
_CALLBACK = "function(keys, args) begin(keys, args) return kept(used(V.{verb}())) end"
_REFUSES = re.compile(r"^--- FULL refuses$", re.MULTILINE)


@dataclass(frozen=True)
class Script:
    """One verb: the function that performs it, and the arguments that its header names."""

    name: str
    function: str
    arguments: frozenset[str]


@dataclass(frozen=True)
class Library:
    """All scripts as one source, and which file each of its lines came from."""

    name: str
    source: str
    scripts: dict[str, Script]
    _files: tuple[str, ...]
    _first_lines: tuple[int, ...]

    def place(self, line: int) -> str:
        """Return the file and line that a line of the library was written in."""
        at = bisect_right(self._first_lines, line) - 1
        return f"{self._files[at]}:{line - self._first_lines[at] + 1}"


@cache
def library() -> Library:
    """Read and render every script of the package; a missing ARGS header is an error."""
    texts = _texts()
    verbs = [name for name in texts if not name.startswith("_")]
    pieces = _pieces(texts, verbs)
    body = "\n".join(text for _, text in pieces)
    digest = hashlib.sha1(body.encode(), usedforsecurity=False).hexdigest()[:16]
    name = NAME_BEGINS + digest
    ends = [_registered(verb, digest, texts[verb]) for verb in verbs]
    return Library(
        name=name,
        source="\n".join([f"#!lua name={name}", body, *ends]),
        scripts={
            verb: Script(verb, f"{verb}_{digest}", _arguments(verb, texts[verb])) for verb in verbs
        },
        _files=tuple(file for file, _ in pieces),
        _first_lines=tuple(_first_lines(text for _, text in pieces)),
    )


def _texts() -> dict[str, str]:
    """Return the files of Lua by name, sorted."""
    root = resources.files("queueapp.store") / "lua"
    return {
        entry.name.removesuffix(".lua"): entry.read_text("utf-8").rstrip("\n")
        for entry in sorted(root.iterdir(), key=lambda item: item.name)
        if entry.name.endswith(".lua")
    }


def _pieces(texts: Mapping[str, str], verbs: Sequence[str]) -> list[tuple[str, str]]:
    """Return what the library is put together from, each with its file: tables, parts, verbs."""
    unknown = texts.keys() - {*verbs, *(f"_{part}" for part in PARTS)}
    if unknown:
        raise ValueError(f"PARTS does not name {sorted(unknown)}")
    tables = "\n".join(["local P", _constants(), lua_key_functions(), "local V = {}"])
    return [
        ("(tables)", tables),
        *((f"_{part}.lua", _closed(f"_{part}", texts)) for part in PARTS),
        *((f"{verb}.lua", f"function V.{verb}() {texts[verb]}\nend") for verb in verbs),
    ]


def _closed(part: str, texts: Mapping[str, str]) -> str:
    """Return a part as a block, of whose names only those are seen outside that others use.

    Lua lets a chunk have 200 names at a time. Lines stay where they are.
    """
    others = (text for name, text in texts.items() if name != part)
    used = {word for text in (*others, _CALLBACK) for word in _WORD.findall(text)}
    seen: list[str] = []

    def opened(found: re.Match[str]) -> str:
        names = found["names"].split(", ")
        if used.isdisjoint(names):
            return found[0]
        seen.extend(names)
        given = found["function"] or found["value"]
        return found[0].removeprefix("local ") if given else ""

    block = _TOP.sub(opened, texts[part])
    return f"local {', '.join(seen)} do {block}\nend"


def _arguments(verb: str, text: str) -> frozenset[str]:
    header = _ARGS.search(text)
    if header is None:
        raise ValueError(f"{verb}.lua has no ARGS header")
    return frozenset(word for word in header["names"].split() if word != "-")


def _registered(verb: str, digest: str, text: str) -> str:
    """Return the call that makes a verb known; a full server refuses it only where it says so."""
    flags = "{}" if _REFUSES.search(text) else "{'allow-oom'}"
    return (
        f"redis.register_function{{function_name = '{verb}_{digest}', flags = {flags}, "
        f"callback = {_CALLBACK.format(verb=verb)}}}"
    )


def _first_lines(texts: Iterable[str]) -> list[int]:
    # The library's own first line names it.
    lengths = [text.count("\n") + 1 for text in texts]
    return [2, *(2 + n for n in accumulate(lengths[:-1]))]


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
    bounds = ", ".join(str(bound) for bound in METER_BOUNDS_MS)
    tables = {"MOVES": moves, "PRIORITIES": names, "METER_BOUNDS_MS": bounds}
    return "\n".join([*lines, *(f"local {name} = {{{text}}}" for name, text in tables.items())])
