"""What scripts that accept several jobs in one call are given of each; several nouns use it."""

from collections.abc import Sequence
from typing import Any

from queueapp.domain.job import DEFAULT_TIMEOUT_MINUTES, JobSpec
from queueapp.domain.scope import encode_part
from queueapp.store.codec import encode_spec


def described(specs: Sequence[JobSpec], *, at: str | None = None) -> list[dict[str, Any]]:
    """Return the jobs of a graph as scripts take them; those that wait name others' places.

    ``at`` is the JSON pointer under which errors name the only job; else it is /jobs/N.
    """
    places = {spec.id: place for place, spec in enumerate(specs, start=1)}
    return [_described(spec, places, at or f"/jobs/{place}") for place, spec in enumerate(specs)]


def _described(spec: JobSpec, places: dict[str, int], at: str) -> dict[str, Any]:
    timeout, retry = spec.timeout_minutes, spec.retry
    found: dict[str, Any] = {
        "id": spec.id,
        "at": at,
        "tier": spec.priority.tier,
        "priority": spec.priority,
        "type": spec.type,
        "user": encode_part(spec.submitted_by),
        "shape": f"{spec.type}.{spec.requirements.shape}",
        "due": spec.scheduled_ms,
        "host": encode_part(spec.host) if spec.host else None,
        "timeout": None if timeout == DEFAULT_TIMEOUT_MINUTES else timeout,
        "deps": [one for one in spec.dependencies if one not in places],
        "steps": [places[one] for one in spec.dependencies if one in places],
        "run_anyway": True if spec.on_dependency_failure == "run" else None,
        "retry_of": spec.retry_of,
        "terms": terms_of(spec),
    }
    if retry.max_attempts > 1:
        found["max_attempts"] = retry.max_attempts
        found |= {"retry_delay": retry.delay_ms, "retry_max_delay": retry.max_delay_ms}
    # A graph may have a thousand jobs: what is empty is not sent.
    return {name: value for name, value in found.items() if value not in (None, [])}


def terms_of(spec: JobSpec) -> dict[str, Any] | None:
    """Return what few jobs have, or None."""
    terms = {
        "queue_ttl": spec.queue_ttl_ms,
        "ttl_from": spec.scheduled_ms if spec.queue_ttl_ms else None,
        "keep": spec.keep_ms,
        "once": spec.once or None,
        "device": encode_part(spec.device) if spec.device and not spec.host else None,
        "session": bool(spec.device and spec.host) or None,
    }
    known = {name: value for name, value in terms.items() if value is not None}
    return known or None


def texts(specs: Sequence[JobSpec]) -> list[str]:
    """Return the jobs' specs as they are stored."""
    return [encode_spec(spec) for spec in specs]
