"""Turns requests into decided jobs: what they name is looked up once and checked.

The engine makes one per request; workflows decide all their jobs with one. It stores nothing.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace

from queueapp.domain.accept import decide
from queueapp.domain.dataset import Dataset, Pipeline
from queueapp.domain.errors import Conflict, JobTypeUnavailable, NotFound
from queueapp.domain.fleet import JobTypeInfo
from queueapp.domain.job import JobRequest, JobSpec
from queueapp.domain.scope import Scope
from queueapp.parameters.check import check_parameters
from queueapp.store import Store


class Decider:
    """Decides the jobs of one scope; what it has read it does not read again."""

    def __init__(
        self,
        store: Store,
        scope: Scope,
        job_type: Callable[[str], JobTypeInfo],
        *,
        keep_ms: int,
    ) -> None:
        self._keep_ms = keep_ms
        self._store = store
        self._scope = scope
        self._job_type = job_type
        self._datasets: dict[str, Dataset] = {}
        self._pipelines: dict[str, Pipeline] = {}

    def decide(
        self,
        request: JobRequest,
        *,
        by: str,
        job_id: str | None = None,
        internal: bool = False,
        request_id: str | None = None,
    ) -> JobSpec:
        """Return the job that a request comes to, under a new id unless one is given.

        Raises: ValidationFailed, NotFound (resource or dataset), JobTypeUnavailable.
        """
        kind = self._job_type(request.type)
        if kind.internal and not internal:
            raise JobTypeUnavailable(f"{kind.name} jobs are made by queueapp itself.")
        pipeline = None
        if request.resource and request.resource.type == "Pipeline":
            pipeline = self._pipeline(request.resource.id)
        elif request.resource and request.resource.type == "Dataset":
            self.check_dataset("resource/resourceId", request.resource.id)
        spec = decide(
            request if request.type == kind.name else replace(request, type=kind.name),
            kind,
            pipeline,
            job_id=job_id or str(uuid.uuid4()),
            scope=self._scope,
            submitted_by=by,
            request_id=request_id,
        )
        check_parameters(kind, spec.parameters)
        for parameter, dataset_id in spec.inputs.items():
            self.check_dataset(_field_of(request, parameter), dataset_id)
        if spec.queue_ttl_ms is not None:  # the claim that meets it too late ends it
            spec = replace(spec, keep_ms=self._keep_ms)
        return self._named(spec)

    def check_dataset(self, field: str, dataset_id: str) -> None:
        """Raise NotFound or Conflict, naming the field, for a dataset that cannot be used."""
        dataset = self._dataset(field, dataset_id)
        if dataset.status == "Failed":
            raise Conflict(f"The dataset {dataset_id!r} could not be read: {dataset.error}")

    def _dataset(self, field: str, dataset_id: str) -> Dataset:
        if dataset_id not in self._datasets:
            try:
                self._datasets[dataset_id] = self._store.datasets.get(self._scope, dataset_id)
            except NotFound as error:
                raise NotFound(f"There is no dataset {dataset_id!r}.", field=field) from error
        return self._datasets[dataset_id]

    def _pipeline(self, pipeline_id: str) -> Pipeline:
        if pipeline_id not in self._pipelines:
            try:
                found = self._store.pipelines.get(self._scope, pipeline_id)
            except NotFound as error:
                message = f"There is no pipeline {pipeline_id!r}."
                raise NotFound(message, field="resource/resourceId") from error
            self._pipelines[pipeline_id] = found
        return self._pipelines[pipeline_id]

    def _named(self, spec: JobSpec) -> JobSpec:
        resource = spec.resource
        if resource is None or resource.name is not None:
            return spec
        name = None
        if resource.type == "Dataset":
            name = self._datasets[resource.id].name
        return replace(spec, resource=replace(resource, name=name))


def _field_of(request: JobRequest, parameter: str) -> str:
    return f"parameters/{parameter}" if parameter in request.parameters else "resource/resourceId"
