"""File locks that the kernel holds for a process, or for whoever inherited the open file.

A lock is given up by closing, never by unlocking: unlocking would take it from the heirs as well.
"""

import fcntl
import os
from pathlib import Path

SHARED = fcntl.LOCK_SH
EXCLUSIVE = fcntl.LOCK_EX


def try_lock(path: Path, mode: int) -> int | None:
    """Take a lock without waiting; return the open file that holds it, or None."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_locked(path: Path) -> bool:
    """Tell whether some process holds the lock."""
    descriptor = try_lock(path, SHARED)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False
