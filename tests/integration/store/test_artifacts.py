"""Artifacts are found in their own scope only."""

import pytest

from queueapp.domain.errors import NotFound
from queueapp.store import Store
from queueapp.store.codec import dumps
from tests.factories import artifact
from tests.integration.store.records import OTHER, SCOPE

ARTIFACT = artifact(id="a1")


def test_an_artifact_is_found_in_its_scope_only(store: Store) -> None:
    """Another project sees no such artifact."""
    key = store.keys("artifact", "a1")
    store.client.hset(key, mapping={"artifact": dumps(ARTIFACT), "scope": SCOPE.key, "job": "job"})

    assert store.artifacts.get(SCOPE, "a1") == ARTIFACT
    for scope, artifact_id in ((OTHER, "a1"), (SCOPE, "a2"), (SCOPE, "a/1"), (SCOPE, "\ud800")):
        with pytest.raises(NotFound):
            store.artifacts.get(scope, artifact_id)
