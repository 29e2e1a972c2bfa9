"""Find the columns of a log: the caller's mapping, or the names that logs usually have."""

import difflib
import re
from collections.abc import Sequence

from queueapp.eventlog.model import MAX_COLUMNS, Columns, LogError

#: Well-known spellings in order of preference, lower case without blanks, - and _.
WELL_KNOWN: dict[str, tuple[str, ...]] = {
    "case_id": (
        "case:concept:name",
        "caseid",
        "case",
        "casenumber",
        "caseidentifier",
        "traceid",
    ),
    "activity": (
        "concept:name",
        "activity",
        "activityname",
        "activityid",
        "event",
        "eventname",
        "task",
    ),
    "time": (
        "time:timestamp",
        "timestamp",
        "activitytime",
        "eventtime",
        "completetimestamp",
        "endtimestamp",
        "datetime",
        "time",
    ),
    "resource": ("org:resource", "resource", "user", "performer"),
    "start_time": ("starttimestamp", "starttime"),
}
_REQUIRED = ("case_id", "activity", "time")


def unique_names(raw: Sequence[str]) -> list[str]:
    """Give each header cell a name of its own: trimmed, blanks numbered, repeats counted.

    Raises: LogError too_large for more than MAX_COLUMNS.
    """
    if len(raw) > MAX_COLUMNS:
        raise LogError("too_large", f"the log has more than {MAX_COLUMNS} columns")
    taken: set[str] = set()
    names = []
    for place, cell in enumerate(raw, 1):
        names.append(free_name(cell.strip() or f"column_{place}", taken))
        taken.add(names[-1])
    return names


def free_name(wanted: str, taken: set[str]) -> str:
    """Return the wanted name, or the first numbered one that nobody has."""
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted} ({number})"
    return name


def resolve(names: Sequence[str], columns: Columns | None) -> Columns:
    """Return the mapping to use: the given one, checked, or the well-known names.

    Raises: LogError missing_column, repeated_column.
    """
    if columns is None:
        return _guess(names)
    chosen: dict[str, str] = {}
    for role, name in columns.by_role().items():
        if name.strip() not in names:
            raise _missing(role, name, names)
        if name.strip() in chosen.values():
            raise LogError("repeated_column", f"column {name!r} is mapped twice", field=role)
        chosen[role] = name.strip()
    return Columns(**chosen)


def known_roles(names: Sequence[str]) -> dict[str, str]:
    """Return the parts whose well-known names occur, part -> column name."""
    by_key = {_key(name): name for name in reversed(names)}
    found: dict[str, str] = {}
    for role, spellings in WELL_KNOWN.items():
        name = next((by_key[key] for key in spellings if key in by_key), None)
        if name is not None and name not in found.values():
            found[role] = name
    return found


def _guess(names: Sequence[str]) -> Columns:
    found = known_roles(names)
    for role in _REQUIRED:
        if role not in found:
            raise LogError(
                "missing_column",
                f"no column has a usual name for the {_spoken(role)}; say which one it is."
                f" The columns are {_listed(names)}",
                field=role,
            )
    return Columns(**found)


def _missing(role: str, name: str, names: Sequence[str]) -> LogError:
    near = difflib.get_close_matches(name, names, n=3) or list(names)
    return LogError(
        "missing_column",
        f"the file has no column {name!r} for the {_spoken(role)}; it has {_listed(near)}",
        field=role,
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:20])
    return shown + (" …" if len(names) > 20 else "")


def _spoken(role: str) -> str:
    return role.replace("_", " ")


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name.strip().lower())
