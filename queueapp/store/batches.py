"""Batches in the store: the jobs that one request makes, accepted in one script.

Nothing is kept of a batch but its receipt, for as long as the request may be repeated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from queueapp.domain.job import JobSpec
from queueapp.domain.scope import Scope, encode_part
from queueapp.store.acting import perform
from queueapp.store.answers import Idempotency
from queueapp.store.graphs import described, texts
from queueapp.store.scripts import Scripts


@dataclass(frozen=True)
class Batch:
    """The jobs that were accepted, the first ones, and what was to be told beside them."""

    job_ids: tuple[str, ...]
    told: Any
    repeated: bool


class Batches:
    """Accepts several jobs that do not wait for each other."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    def submit(
        self,
        scope: Scope,
        specs: Sequence[JobSpec],
        *,
        told: Any = None,
        max_queued: int = 1_000_000,
        idempotency: Idempotency | None = None,
    ) -> Batch:
        """Accept jobs in their order, until the queue is full.

        A repeat accepts none and is told what the first request was. Raises: IdempotencyMismatch.
        """
        receipt = perform(
            self._scripts,
            "submit_batch",
            scope,
            None,
            *texts(specs),
            idempotency=idempotency,
            jobs=described(specs),
            max_queued=max_queued,
            tenant=encode_part(scope.tenant),
            project=encode_part(scope.project),
            told=orjson.dumps(told).decode(),
        )
        facts = receipt.facts
        return Batch(tuple(facts.get("ids", ())), orjson.loads(facts["told"]), receipt.repeated)
