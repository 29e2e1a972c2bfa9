"""Groups of processes: signal what is left of one, and see whether anything is.

The supervisor and the guardian use it.
"""

import os

import psutil


def signal_group(group: int, number: int) -> None:
    """Signal every process of a group, if there is any."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def group_lives(group: int) -> bool:
    """Tell whether a group has a process that still runs.

    The dead that nobody collects do not count: in a container they may lie there for ever.
    """
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return any(_runs_in(group, process) for process in psutil.process_iter())


def _runs_in(group: int, process: psutil.Process) -> bool:
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, PermissionError, psutil.Error):
        return False
