"""queueapp: a job and workflow engine whose queue people can see into, steer and trust.

Authors of job types import ``job_type``, ``JobContext`` and the errors from here.
The names are loaded when first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from queueapp.context import JobContext
    from queueapp.job_errors import BadInput, JobCancelled, RetryableError
    from queueapp.job_types import job_type

    __version__: str

__all__ = [
    "BadInput",
    "JobCancelled",
    "JobContext",
    "RetryableError",
    "__version__",
    "job_type",
]

_HOMES = {
    "BadInput": "queueapp.job_errors",
    "JobCancelled": "queueapp.job_errors",
    "JobContext": "queueapp.context",
    "RetryableError": "queueapp.job_errors",
    "job_type": "queueapp.job_types",
}


def __getattr__(name: str) -> object:
    """Load one of the public names."""
    if name == "__version__":
        return _version()
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _version() -> str:
    """Return the version of the installed distribution: setup.cfg is its only source."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("queueapp")
    except PackageNotFoundError:
        return "0+uninstalled"
