"""Artifacts are found in their own scope only."""

import pytest

from queueapp.domain.errors import NotFound
from queueapp.domain.job import Artifact
from queueapp.store import Store
from queueapp.store.codec import dumps
from tests.integration.store.records import OTHER, SCOPE

ARTIFACT = Artifact(
    id="a1",
    job_id="job",
    type="ProcessMap",
    title="Map",
    name="map.svg",
    format="svg",
    media_type="image/svg+xml",
    size_bytes=3,
    sha256="00",
    object_key="artifacts/a1",
)


def test_an_artifact_is_found_in_its_scope_only(store: Store) -> None:
    """Another project sees no such artifact."""
    key = store.keys("artifact", "a1")
    store.client.hset(key, mapping={"artifact": dumps(ARTIFACT), "scope": SCOPE.key, "job": "job"})

    assert store.artifacts.get(SCOPE, "a1") == ARTIFACT
    for scope, artifact_id in ((OTHER, "a1"), (SCOPE, "a2"), (SCOPE, "a/1"), (SCOPE, "\ud800")):
        with pytest.raises(NotFound):
            store.artifacts.get(scope, artifact_id)
