"""Pipelines in the store: named defaults for jobs; a job keeps a copy of what it was given."""

from typing import Any

from queueapp.domain.dataset import Pipeline
from queueapp.store.codec import build
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
