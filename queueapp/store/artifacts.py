"""Artifacts in the store; finish publishes them and prune forgets them, together with their job."""

import orjson

from queueapp.domain.errors import NotFound
from queueapp.domain.job import Artifact
from queueapp.domain.scope import Scope, valid_id
from queueapp.store.codec import build
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts


class Artifacts:
    """The files that jobs of all scopes made."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def get(self, scope: Scope, artifact_id: str) -> Artifact:
        """Return an artifact of the scope. Raises: NotFound."""
        if not valid_id(artifact_id):
            raise NotFound("There is no such artifact.")
        with store_errors():
            key = self._keys("artifact", artifact_id)
            text, home = self._client.hmget(key, "artifact", "scope")
        if text is None or home != scope.key:
            raise NotFound("There is no such artifact.")
        return build(Artifact, orjson.loads(text))
