"""Datasets in the store, the notes of which jobs need them, and the objects that nobody names."""

from collections.abc import Sequence
from typing import Any

from queueapp.domain.dataset import Dataset
from queueapp.domain.errors import NotFound
from queueapp.domain.scope import Scope, encode_part, valid_id
from queueapp.store.codec import build
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.records import Records
from queueapp.store.scripts import Scripts

HOLDERS_LOOKED_AT = 4


def _dataset(data: dict[str, Any]) -> Dataset:
    return build(Dataset, data)


class Datasets(Records[Dataset]):
    """The datasets of all scopes.

    A dataset keeps a set of the jobs that were submitted for it: taken up by ``hold``, thinned
    out there and in ``delete``. So the life of a job costs nothing here, and a delete looks at
    few jobs, however long the queue is.
    """

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        super().__init__("dataset", _dataset, (client, keys, scripts))

    def hold(
        self, scope: Scope, dataset_ids: Sequence[str], *job_ids: str, now_ms: int | None = None
    ) -> None:
        """Keep datasets from being deleted until jobs end; call it just before the submit.

        Raises: NotFound.
        """
        if not all(valid_id(dataset_id) for dataset_id in dataset_ids):
            raise NotFound("There is no such dataset.")
        self._scripts.call(
            "hold_datasets",
            scope=scope.key,
            ids=[encode_part(dataset_id) for dataset_id in dataset_ids],
            jobs=list(job_ids),
            sample=HOLDERS_LOOKED_AT,
            now_ms=now_ms,
        )

    def announce(self, object_key: str, give_up_ms: int) -> None:
        """Note an object before it is written: it may be deleted unless a put names it in time."""
        with store_errors():
            self._client.zadd(self._keys("orphans"), {object_key: give_up_ms})

    def orphans(self, now_ms: int, limit: int) -> list[str]:
        """Return objects that no record names and that may be deleted now, oldest first."""
        with store_errors():
            found = self._client.zrange(
                self._keys("orphans"), "-inf", now_ms, byscore=True, offset=0, num=limit
            )
        return [str(key) for key in found]

    def forget_orphan(self, object_key: str) -> None:
        """Note that an object has been deleted."""
        with store_errors():
            self._client.zrem(self._keys("orphans"), object_key)
