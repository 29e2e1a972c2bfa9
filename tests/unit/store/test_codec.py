"""What the store keeps of a record leaves out defaults, and nothing else."""

import json
from dataclasses import asdict
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from queueapp.domain.fleet import Requirements
from queueapp.domain.job import JobSpec, Notifications, Resource, RetryPolicy
from queueapp.domain.outcome import Progress, Usage
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope, encode_part
from queueapp.store.codec import build, decode_claim, decode_spec, encode, encode_spec

IN_HASH = ("id", "scope", "type", "priority", "submitted_by")

words = some.text(min_size=1, max_size=20)
ids = some.text("aé %.~:{}|漢", min_size=1, max_size=8)
numbers = some.integers(0, 2**50)
plain: Any = some.recursive(
    some.none()
    | some.booleans()
    | numbers
    | some.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)
specs = some.builds(
    JobSpec,
    id=ids,
    scope=some.builds(Scope, ids, ids),
    name=words,
    type=words,
    priority=some.sampled_from(Priority),
    submitted_by=words,
    resource=some.none() | some.builds(Resource, words, words, some.none() | words),
    parameters=some.dictionaries(words, plain, max_size=3),
    notifications=some.builds(
        Notifications,
        some.booleans(),
        some.booleans(),
        some.lists(words, max_size=2).map(tuple),
    ),
    requirements=some.builds(Requirements, numbers, numbers),
    retry=some.builds(RetryPolicy, numbers, numbers, numbers),
    dependencies=some.lists(ids, max_size=3).map(tuple),
    inputs=some.dictionaries(words, ids, max_size=2),
)
LEAST = JobSpec("", Scope("", ""), "", "", Priority.NORMAL, "")


def _hash(spec: JobSpec) -> dict[str, str]:
    return {
        "scope": spec.scope.key,
        "tier": str(spec.priority.tier),
        "shape": f"{spec.type}.{spec.requirements.shape}",
        "user": encode_part(spec.submitted_by),
    }


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of ours
@given(specs)
def test_a_job_comes_back_as_it_was(spec: JobSpec) -> None:
    """Decoding what was encoded gives the same job."""
    assert spec == decode_spec(encode_spec(spec), spec.id, _hash(spec))


@given(specs)
def test_a_job_is_written_without_its_defaults(spec: JobSpec) -> None:
    """The text holds each field that is not the default, whole, and those of the hash not."""
    usual = asdict(LEAST)
    expected = {
        name: value
        for name, value in asdict(spec).items()
        if name not in IN_HASH and value != usual[name]
    }

    assert json.loads(json.dumps(expected)) == json.loads(encode_spec(spec))


@given(specs, numbers)
def test_a_claim_brings_its_job(spec: JobSpec, number: int) -> None:
    """A claim's answer holds the job's text and the fields of its hash."""
    row = _hash(spec)
    place = (row["scope"], row["tier"], row["shape"], row["user"])

    claim = decode_claim([spec.id, number, number, number, *place, encode_spec(spec)])

    assert (spec, number, number) == (claim.job, claim.epoch, claim.lease_until_ms)


def test_what_a_newer_release_adds_is_ignored() -> None:
    """Unknown keys of a stored record do no harm."""
    assert Progress(3) == build(Progress, {"records_done": 3, "mood": "good"})


def test_what_says_nothing_is_written_as_nothing() -> None:
    """A record of defaults takes no room; another one only what differs."""
    assert "" == encode(Usage())
    assert '{"cpu_seconds":0.5,"written_bytes":0}' == encode(
        Usage(cpu_seconds=0.5, written_bytes=0)
    )
