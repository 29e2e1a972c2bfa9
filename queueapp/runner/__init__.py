"""Runs jobs: each in a child process of its own, watched, limited, measured and stopped.

The broker uses ``Runner``, ``Task``, ``DatasetInput`` and ``StopKind``. Nothing here knows the
store, the broker or HTTP. Names are loaded when first used, so the process that starts jobs does
not load the side that watches them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from queueapp.runner.dataset_input import DatasetInput
    from queueapp.runner.runner import Runner
    from queueapp.runner.task import RunnerLost, RunnerUnusable, StopKind, Task

__all__ = ["DatasetInput", "Runner", "RunnerLost", "RunnerUnusable", "StopKind", "Task"]


def __getattr__(name: str) -> object:
    """Load one of the public names."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = {"Runner": "runner", "DatasetInput": "dataset_input"}.get(name, "task")
    return getattr(import_module(f"queueapp.runner.{home}"), name)
