"""Fingerprints tell whether a sender says the same again."""

from dataclasses import replace

import pytest

from queueapp.domain.dataset import Pipeline
from tests.integration.store.records import make_dataset

DATASET = make_dataset()
PIPELINE = Pipeline("p", "Daily", stages=({"a": 1, "b": 2},))


@pytest.mark.parametrize(
    "unsaid",
    [{"created_by": "bob"}, {"object_key": "x"}, {"profile": {"rows": 1}}, {"updated_ms": 9}],
)
def test_what_the_sender_did_not_say_does_not_count(unsaid: dict[str, object]) -> None:
    """The server's own facts leave the fingerprint alone."""
    assert replace(DATASET, **unsaid).fingerprint == DATASET.fingerprint  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "said", [{"name": "x"}, {"sha256": "11"}, {"columns": {}}, {"options": {"delimiter": ";"}}]
)
def test_everything_that_the_sender_said_counts(said: dict[str, object]) -> None:
    """Other bytes, names, columns or hints are another request."""
    assert replace(DATASET, **said).fingerprint != DATASET.fingerprint  # type: ignore[arg-type]


def test_a_failed_dataset_is_like_no_other() -> None:
    """Sending it again must be a new try."""
    assert replace(DATASET, status="Failed").fingerprint == ""


def test_the_order_of_names_does_not_count() -> None:
    """Objects are the same whatever the order of their members."""
    turned = replace(PIPELINE, stages=({"b": 2, "a": 1},), created_by="bob")

    assert turned.fingerprint == PIPELINE.fingerprint
    assert replace(PIPELINE, cpu_units=2).fingerprint != PIPELINE.fingerprint
