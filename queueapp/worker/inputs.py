"""Brings what an attempt needs before it runs: its datasets, or what an errand prepares."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from queueapp.domain.dataset import Dataset
from queueapp.domain.job import JobSpec
from queueapp.domain.outcome import Outcome
from queueapp.objects import ObjectStore
from queueapp.runner import DatasetInput
from queueapp.store import Store

FETCHED = "inputs"


class Errand(Protocol):
    """What a worker does around a job of queueapp's own, whose code reaches no store."""

    def bring(self, job: JobSpec, folder: Path) -> tuple[DatasetInput, ...]:
        """Write what the job needs into a folder, and return it as inputs."""

    def take(self, job: JobSpec, outcome: Outcome) -> Outcome:
        """Keep what the job made, and return what else is to be published."""


class Inputs:
    """Brings inputs of any job; ``errands`` are by the job type that they are for."""

    def __init__(self, store: Store, objects: ObjectStore, errands: Mapping[str, Errand]) -> None:
        self._store = store
        self._objects = objects
        self._errands = errands

    def bring(self, job: JobSpec, directory: Path) -> tuple[tuple[DatasetInput, ...], int]:
        """Return the inputs, and how many bytes of them were fetched into the directory.

        Raises: NotFound, Unavailable.
        """
        folder = directory / FETCHED
        errand = self._errands.get(job.type)
        if errand:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return errand.bring(job, folder), 0
        found: list[DatasetInput] = []
        fetched_bytes = 0
        for parameter, dataset_id in job.inputs.items():
            dataset = self._store.datasets.get(job.scope, dataset_id)
            path = self._objects.local_path(dataset.object_key)
            if path is None:
                path = folder / str(len(found))
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._objects.fetch(dataset.object_key, path)
                fetched_bytes += dataset.size_bytes
            found.append(_input(parameter, dataset, path))
        return tuple(found), fetched_bytes

    def take(self, job: JobSpec, outcome: Outcome) -> Outcome:
        """Return the outcome, without what the job's errand has kept of it."""
        errand = self._errands.get(job.type)
        return errand.take(job, outcome) if errand else outcome


def _input(parameter: str, dataset: Dataset, path: Path) -> DatasetInput:
    return DatasetInput(
        parameter=parameter,
        id=dataset.id,
        name=dataset.name,
        format=dataset.format,
        path=path,
        columns=dataset.columns,
        options=dict(dataset.options),
        sha256=dataset.sha256,
    )
