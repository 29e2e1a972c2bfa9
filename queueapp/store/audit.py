"""The audit trail of a scope: read backwards, filtered, a page at a time.

The scripts that act write it. It holds the newest 100,000 entries of the last 90 days.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

from queueapp.domain.audit import AuditEntry
from queueapp.domain.scope import Scope, encode_part
from queueapp.store.connect import Client
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

# A script looks at so many entries, a request at so many times as many; then it says where it is.
CHUNK = 2_000
CHUNKS = 10
# Ids that are part of a key are written as they stand there.
_ENCODED = frozenset({"schedule", "dataset", "pipeline"})
_OWN = frozenset({"at", "by", "action", "reason", "request", "job", "owner", "before", "after"})


@dataclass(frozen=True)
class AuditFilter:
    """Which entries to show; None does not filter. Both time bounds are inclusive.

    ``concerning`` is a user who did it or to whose job it was done.
    """

    action: str | None = None
    by: str | None = None
    job_id: str | None = None
    concerning: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None


@dataclass(frozen=True)
class AuditPage:
    """Entries, newest first; ``following`` is where to go on, None at the end."""

    entries: list[AuditEntry]
    following: str | None


class Audit:
    """What was done, by whom and why."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def page(
        self, scope: Scope, wanted: AuditFilter, *, before: str | None, limit: int
    ) -> AuditPage:
        """Return at most ``limit`` entries older than the one called ``before``.

        Where few entries fit, a page may end early and say where to go on.
        """
        entries: list[AuditEntry] = []
        following = before
        for _ in range(CHUNKS):
            found, following = self._looked(scope, wanted, following, limit - len(entries))
            entries += found
            if following is None or len(entries) >= limit:
                break
        return AuditPage(entries, following)

    def _looked(
        self, scope: Scope, wanted: AuditFilter, before: str | None, limit: int
    ) -> tuple[list[AuditEntry], str | None]:
        by, concerning = wanted.by, wanted.concerning
        following, rows = self._scripts.call(
            "audit_page",
            scope=scope.key,
            before=before,
            look=CHUNK,
            limit=limit,
            action=wanted.action,
            by=None if by is None else encode_part(by),
            concerning=None if concerning is None else encode_part(concerning),
            job=wanted.job_id,
            from_ms=wanted.from_ms,
            to_ms=wanted.to_ms,
        )
        return [_entry(entry_id, fields) for entry_id, fields in rows], following or None


def _entry(entry_id: str, flat: list[str]) -> AuditEntry:
    row = dict(_pairs(flat))
    return AuditEntry(
        id=entry_id,
        at_ms=int(row["at"]),
        by=unquote(row["by"]),
        action=row["action"],
        reason=row.get("reason"),
        request_id=row.get("request"),
        job_id=row.get("job"),
        owner=unquote(row["owner"]) if "owner" in row else None,
        before=_value(row.get("before")),
        after=_value(row.get("after")),
        facts={
            name: unquote(value) if name in _ENCODED else _value(value)
            for name, value in row.items()
            if name not in _OWN
        },
    )


def _pairs(flat: list[str]) -> Iterator[tuple[str, str]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _value(text: str | None) -> Any:
    """Return what a field holds: JSON if it is an object or a list, else the text."""
    if not text or text[0] not in "{[":
        return text or None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
