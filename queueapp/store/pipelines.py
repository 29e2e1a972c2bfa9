"""Pipelines in the store: named defaults for jobs; a job keeps a copy of what it was given."""

from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from queueapp.domain.audit import Act
from queueapp.domain.dataset import Pipeline
from queueapp.domain.scope import Scope, encode_part
from queueapp.store.acting import perform
from queueapp.store.answers import Idempotency
from queueapp.store.codec import build, dumps
from queueapp.store.connect import Client
from queueapp.store.keys import Keys
from queueapp.store.records import Records
from queueapp.store.scripts import Scripts


def _pipeline(data: dict[str, Any]) -> Pipeline:
    return build(Pipeline, data, stages=tuple(data.get("stages", ())))


class Pipelines(Records[Pipeline]):
    """The pipelines of all scopes."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        super().__init__("pipeline", _pipeline, (client, keys, scripts))

    def create(
        self, scope: Scope, pipeline: Pipeline, act: Act, *, idempotency: Idempotency | None = None
    ) -> tuple[Pipeline, bool]:
        """Make a pipeline under a fresh id; return it, and whether the request was a repeat.

        A repeat makes none and gets the one that the first request made, as it was then.
        Raises: IdempotencyMismatch.
        """
        receipt = perform(
            self._scripts,
            "create_pipeline",
            scope,
            act,
            dumps(pipeline),
            idempotency=idempotency,
            id=encode_part(pipeline.id),
            fingerprint=pipeline.fingerprint,
        )
        made_id, at_ms = unquote(receipt.facts["id"]), receipt.facts["at_ms"]
        made = replace(pipeline, id=made_id, created_ms=at_ms, updated_ms=at_ms)
        return made, receipt.repeated
