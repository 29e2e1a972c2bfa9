"""Decides a job: what the caller left open comes from the pipeline, then from the job type."""

from dataclasses import asdict

from queueapp.domain.dataset import Pipeline
from queueapp.domain.errors import ValidationFailed
from queueapp.domain.fleet import JobTypeInfo, Requirements
from queueapp.domain.job import (
    DEFAULT_TIMEOUT_MINUTES,
    JobRequest,
    JobSpec,
    Resource,
    RetryPolicy,
)
from queueapp.domain.scope import Scope


def decide(
    request: JobRequest,
    kind: JobTypeInfo,
    pipeline: Pipeline | None,
    *,
    job_id: str,
    scope: Scope,
    submitted_by: str,
    request_id: str | None = None,
) -> JobSpec:
    """Return the job that ``request`` comes to.

    Raises: ValidationFailed, naming the field as a JSON pointer.
    """
    resource = _resource(request, kind, pipeline)
    return JobSpec(
        id=job_id,
        scope=scope,
        name=request.name,
        type=kind.name,
        priority=request.priority,
        submitted_by=submitted_by,
        resource=resource,
        description=request.description,
        parameters=request.parameters,
        scheduled_ms=request.scheduled_ms,
        timeout_minutes=request.timeout_minutes
        or (pipeline and pipeline.timeout_minutes)
        or DEFAULT_TIMEOUT_MINUTES,
        queue_ttl_ms=request.queue_ttl_ms,
        notifications=request.notifications,
        requirements=_requirements(request, kind, pipeline),
        retry=_retry(request, kind),
        dependencies=tuple(dict.fromkeys(request.dependencies)),
        on_dependency_failure=request.on_dependency_failure,
        host=request.host,
        inputs=_inputs(request, kind, resource),
        pipeline=asdict(pipeline) if pipeline else None,
        request_id=request_id,
    )


def _resource(request: JobRequest, kind: JobTypeInfo, pipeline: Pipeline | None) -> Resource | None:
    resource = request.resource
    if resource is None:
        if kind.resource_types:
            raise _invalid("/resource", f"{kind.name} jobs need a resource.")
        return None
    if kind.resource_types and resource.type not in kind.resource_types:
        allowed = ", ".join(kind.resource_types)
        raise _invalid("/resource/resourceType", f"{kind.name} jobs work on: {allowed}.")
    if pipeline is None:
        return resource
    if pipeline.stages:
        raise _invalid("/resource/resourceId", "Pipelines with stages cannot be run yet.")
    return Resource(resource.type, resource.id, pipeline.name)


def _inputs(request: JobRequest, kind: JobTypeInfo, resource: Resource | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in kind.datasets:
        given = request.parameters.get(name)
        if resource is not None and resource.type == "Dataset":
            if given not in (None, resource.id):
                raise _invalid(f"/parameters/{name}", "It must be the resource or be left out.")
            found[name] = resource.id
        elif isinstance(given, str) and given:
            found[name] = given
        else:
            raise _invalid(f"/parameters/{name}", "It must name the dataset to work on.")
    return found


def _requirements(
    request: JobRequest, kind: JobTypeInfo, pipeline: Pipeline | None
) -> Requirements:
    cpu = request.cpu_units or (pipeline and pipeline.cpu_units) or kind.cpu_units
    memory = request.memory_gb or (pipeline and pipeline.memory_gb) or kind.memory_gb
    return Requirements(cpu, max(1, round(memory * 1024)), kind.disk_bytes)


def _retry(request: JobRequest, kind: JobTypeInfo) -> RetryPolicy:
    delay = kind.retry_delay_s if request.retry_delay_s is None else request.retry_delay_s
    longest = request.retry_max_delay_s
    if longest is None:
        longest = max(delay, kind.retry_max_delay_s)
    if longest < delay:
        raise _invalid("/retries/maxDelaySeconds", "It must not be less than delaySeconds.")
    attempts = request.max_attempts or kind.max_attempts
    return RetryPolicy(attempts, round(delay * 1000), round(longest * 1000))


def _invalid(field: str, message: str) -> ValidationFailed:
    return ValidationFailed(message, errors=[(field, message)])
