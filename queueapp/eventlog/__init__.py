"""Event logs: read them (CSV, XES, Parquet), clean them, say what is in them.

Used by uploads in the API and by job children. Importing this package loads no table library;
the functions that need it do so on first use.
"""

import importlib
from typing import TYPE_CHECKING

from queueapp.eventlog.formats import HEAD_BYTES, detect_format
from queueapp.eventlog.model import (
    FORMATS,
    MAX_BYTES,
    Columns,
    Format,
    LogError,
    Problem,
    QualityChecks,
    ReadOptions,
)

if TYPE_CHECKING:
    from queueapp.eventlog.log import RawLog, Source
    from queueapp.eventlog.reading import read_log

__all__ = [
    "FORMATS",
    "HEAD_BYTES",
    "MAX_BYTES",
    "Columns",
    "Format",
    "LogError",
    "Problem",
    "QualityChecks",
    "RawLog",
    "ReadOptions",
    "Source",
    "detect_format",
    "read_log",
]

_ON_FIRST_USE = {
    "RawLog": "log",
    "Source": "log",
    "read_log": "reading",
}


def __getattr__(name: str) -> object:
    """Load the parts that need the table library when they are first asked for."""
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ON_FIRST_USE[name]}"), name)
