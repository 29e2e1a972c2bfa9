"""Turns what the job endpoints were sent into what the engine is asked."""

from typing import Any

import marshmallow

from queueapp.api.parser import flatten
from queueapp.api.schemas.jobs import RetryDirectives
from queueapp.domain.again import RetryChanges
from queueapp.domain.errors import ValidationFailed
from queueapp.domain.job import JobRequest, Notifications, Resource

DIRECTIVES = {"timeoutMinutes", "retryFailedRecords", "increaseMemoryLimit"}


def to_request(body: dict[str, Any]) -> JobRequest:
    """Return the job that a submission describes."""
    scheduling = body["scheduling"] or {}
    needs = body["resource_requirements"] or {}
    retries = body["retries"] or {}
    wishes = body["notifications"] or {}
    ttl_s = scheduling.get("queue_ttl_seconds")
    return JobRequest(
        name=body["job_name"],
        type=body["job_type"],
        resource=_resource(body["resource"]),
        description=body["job_description"],
        priority=body["priority"],
        parameters=body["parameters"],
        scheduled_ms=scheduling.get("scheduled_time"),
        timeout_minutes=scheduling.get("timeout_minutes"),
        queue_ttl_ms=None if ttl_s is None else ttl_s * 1000,
        notifications=Notifications(
            on_completion=wishes.get("on_completion", False),
            on_failure=wishes.get("on_failure", False),
            email_recipients=tuple(wishes.get("email_recipients", ())),
        ),
        cpu_units=needs.get("cpu_units"),
        memory_gb=needs.get("memory_gb"),
        max_attempts=retries.get("max_attempts"),
        retry_delay_s=retries.get("delay_seconds"),
        retry_max_delay_s=retries.get("max_delay_seconds"),
        host=body["host"],
        dependencies=tuple(body["dependencies"]),
        on_dependency_failure=str(body["on_dependency_failure"]),
    )


def _resource(given: dict[str, Any] | None) -> Resource | None:
    return None if given is None else Resource(str(given["resource_type"]), given["resource_id"])


def retry_wishes(body: dict[str, Any]) -> dict[str, Any]:
    """Return the engine's arguments for a retry; directives are taken out of the parameters.

    Raises: ValidationFailed.
    """
    updated = body["updated_parameters"]
    given = {name: value for name, value in (updated or {}).items() if name in DIRECTIVES}
    try:
        directives = RetryDirectives().load(given)
    except marshmallow.ValidationError as error:
        fields = flatten(error.messages, "/updatedParameters")
        raise ValidationFailed("A directive is not valid.", errors=fields) from error
    plain = {name: value for name, value in (updated or {}).items() if name not in DIRECTIVES}
    changes = RetryChanges(
        parameters=plain,
        timeout_minutes=directives["timeout_minutes"],
        double_memory=directives["increase_memory_limit"],
        priority=body["priority"],
    )
    return {
        "reason": body["retry_reason"],
        "changes": changes,
        "head": body["immediate_execution"],
    }
