"""Read logs of real machines, in Standard Workload Format, as work for a queue.

Each job of a log becomes one job on one worker, with its own run time and submission; its
priority is drawn from its user's name, its kind is what was asked for at submission.
Source: Feitelson, Tsafrir and Krakov (2014), Experience with using the Parallel Workloads Archive.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.forecast.history import HOUR, WARM_HOURS, Floats, History, Work, history

WEEK = 168 * HOUR
PRIORITIES = (0, 1, 1, 2, 2, 2, 2, 2, 3, 3)
LONGEST = 60 * 86400.0


@dataclass(frozen=True)
class Window:
    """A span of a log, with as many workers as keep its queue neither empty nor endless."""

    file: str
    workers: int
    first_week: int
    weeks: int = 12


WINDOWS = {
    "kth": Window("KTH-SP2-1996-2.1-cln.swf.gz", 13, 26),
    "kth-autumn": Window("KTH-SP2-1996-2.1-cln.swf.gz", 12, 3),
    "kth-crowded": Window("KTH-SP2-1996-2.1-cln.swf.gz", 12, 36),
    "nasa": Window("NASA-iPSC-1993-3.1-cln.swf.gz", 3, 0),
}


def trace(name: str, folder: Path) -> History:
    """Return a span of a log as a queue's history."""
    window = WINDOWS[name]
    fields, offset = _read(folder / window.file)
    submitted = fields[:, 1] + offset
    midnight = np.floor((submitted.min() + window.first_week * WEEK) / (24 * HOUR)) * 24 * HOUR
    kept = (submitted >= midnight - WEEK) & (submitted < midnight + window.weeks * WEEK)
    hours = window.weeks * 168 - 2
    work = _work(fields[kept], submitted[kept])
    return history(name, work, window.workers, float(midnight), max(hours, WARM_HOURS))


def _read(path: Path) -> tuple[Floats, float]:
    """Return the jobs that ran, by submission, and what makes their times a local clock's."""
    with gzip.open(path, "rt", errors="replace") as log:
        lines = log.read().splitlines()
    head = dict(re.findall(r"^;\s*(\w+):\s*(-?\d+)", "\n".join(lines), re.MULTILINE))
    rows = [line.split()[:18] for line in lines if line and not line.startswith(";")]
    fields = np.array([row for row in rows if len(row) == 18], dtype=np.float64)
    fields = fields[(fields[:, 3] > 0) & (fields[:, 3] < LONGEST)]
    fields = fields[np.argsort(fields[:, 1], kind="stable")]
    return fields, float(head.get("UnixStartTime", 0)) + float(head.get("TimeZone", 0))


def _work(fields: Floats, submitted: Floats) -> Work:
    user = fields[:, 11].astype(np.intp)
    _, kind = np.unique(fields[:, [4, 8, 13, 14]], axis=0, return_inverse=True)
    drawn = {name: PRIORITIES[_digest(str(name)) % 10] for name in np.unique(user).tolist()}
    priority = np.array([drawn[name] for name in user.tolist()])
    return Work(submitted, fields[:, 3], priority, user, kind.ravel())


def _digest(text: str) -> int:
    return int(hashlib.md5(text.encode()).hexdigest(), 16)
