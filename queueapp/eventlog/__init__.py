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
    from queueapp.eventlog.cleaning import CleanLog, clean_log
    from queueapp.eventlog.log import RawLog, Source
    from queueapp.eventlog.profile import LogProfile, profile_log
    from queueapp.eventlog.quality import Quality
    from queueapp.eventlog.reading import read_log
    from queueapp.eventlog.report import CleaningReport, Finding
    from queueapp.eventlog.sample import SampleFacts, write_sample_log

__all__ = [
    "FORMATS",
    "HEAD_BYTES",
    "MAX_BYTES",
    "CleanLog",
    "CleaningReport",
    "Columns",
    "Finding",
    "Format",
    "LogError",
    "LogProfile",
    "Problem",
    "Quality",
    "QualityChecks",
    "RawLog",
    "ReadOptions",
    "SampleFacts",
    "Source",
    "clean_log",
    "detect_format",
    "profile_log",
    "read_log",
    "write_sample_log",
]

_ON_FIRST_USE = {
    "CleanLog": "cleaning",
    "CleaningReport": "report",
    "Finding": "report",
    "LogProfile": "profile",
    "Quality": "quality",
    "RawLog": "log",
    "SampleFacts": "sample",
    "Source": "log",
    "clean_log": "cleaning",
    "profile_log": "profile",
    "read_log": "reading",
    "write_sample_log": "sample",
}


def __getattr__(name: str) -> object:
    """Load the parts that need the table library when they are first asked for."""
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ON_FIRST_USE[name]}"), name)
