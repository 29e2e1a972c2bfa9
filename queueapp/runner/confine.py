"""What a job's process does to itself before any of the job's code runs.

Called by the zygote's forks only: own session, death with the zygote, limits, a private
directory, two files and no other descriptor.
"""

import ctypes
import fcntl
import os
import random
import resource
import signal
import sys
import tempfile
from dataclasses import dataclass

TASK_FD = 3
EVENTS_FD = 4
# The kernel counts what is reserved, not what is resident: polars at 635 MB resident had reserved
# 987 MB, so a tighter factor would end jobs that keep to their limit.
RESERVED_FACTOR = 2.0

# How many threads libraries start: one in the zygote, a job's CPU units in the job.
THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS")

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_FDS_END = 1 << 20
# Looked up before any fork: what a fork writes to for the first time must be copied, page by page,
# and looking this up again wrote to sixty of them.
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Limits:
    """What one job may take; None is no limit."""

    memory_bytes: int
    cpu_units: int = 1
    open_files: int = 4096
    file_bytes: int | None = None


def become_subreaper() -> None:
    """Adopt the orphans among one's descendants, so that none escapes."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def confine(*, parent: int, work: str, limits: Limits, fds: tuple[int, int, int]) -> None:
    """Cut a fresh fork off from everything but its task.

    ``fds`` are the task, the event pipe and the log, which become 3, 4 and 1 with 2.
    """
    os.setsid()
    die_with(parent)
    become_subreaper()
    _take_descriptors(fds)
    os.umask(0o077)
    os.chdir(work)
    _limit(limits)
    _describe(work, limits.cpu_units)
    _reseed()


def die_with(parent: int) -> None:
    """Have the kernel kill this fork when the process that made it ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it died before the line above could notice


def _prctl(option: int, value: int) -> None:
    if _LIBC.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) failed")


def _take_descriptors(fds: tuple[int, int, int]) -> None:
    # Lifted out of the way first: the numbers that arrive may be the very ones to be filled.
    task, events, log = (_lift(fd) for fd in fds)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2), (task, TASK_FD), (events, EVENTS_FD)):
        os.dup2(source, target, inheritable=True)
    os.closerange(EVENTS_FD + 1, _FDS_END)


def _lift(fd: int) -> int:
    return fcntl.fcntl(fd, fcntl.F_DUPFD, 64)


def _limit(limits: Limits) -> None:
    _lower(resource.RLIMIT_DATA, int(limits.memory_bytes * RESERVED_FACTOR))
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, limits.open_files)
    if limits.file_bytes is not None:
        _lower(resource.RLIMIT_FSIZE, limits.file_bytes)


def _lower(kind: int, value: int) -> None:
    _, most = resource.getrlimit(kind)
    if most != resource.RLIM_INFINITY:
        value = min(value, most)
    resource.setrlimit(kind, (value, value))


def _describe(work: str, cpu_units: int) -> None:
    """Tell libraries what they may use; the zygote's environment says one thread already."""
    threads = str(cpu_units)
    polars_knows = os.environ.get("POLARS_MAX_THREADS") == threads
    os.environ["HOME"] = os.environ["TMPDIR"] = work
    if not polars_knows:
        for name in THREADS:
            os.environ[name] = threads
    tempfile.tempdir = None  # what it found before the fork is not the job's
    if "polars" in sys.modules and not polars_knows:
        # polars reads its settings once, at import; loading an empty one makes it read again.
        # That takes a millisecond, which most jobs need not spend.
        sys.modules["polars"].Config.load('{"environment": {}, "direct": {}}')


def _reseed() -> None:
    """Give each fork its own random numbers; Python's own generator is seeded by fork itself."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed(random.SystemRandom().getrandbits(32))
