"""What tests about data share: an API over files and in a bucket."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from queueapp.app import create_app
from queueapp.config import Config
from queueapp.domain.api_key import Role
from queueapp.store import Store
from tests.integration.data.wire import ADMIN, Api


@pytest.fixture
def make_api(store: Store, redis_url: str, tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """Make an API over the empty store; settings may be given."""
    made = []

    def make(**settings: object) -> Api:
        facts = {"redis_url": redis_url, "data_dir": tmp_path, "admin_key": ADMIN}
        config = Config(**{**facts, "secret_key": "secret", **settings})  # type: ignore[arg-type]
        app = create_app(config)
        made.append(app)
        _, token = store.api_keys.create("ann", Role.SUBMITTER, "acme", "sales")
        return Api(app, store, tmp_path, token)

    yield make
    for app in made:
        app.extensions["queueapp"].engine.store.client.close()


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    """An API with an empty object store on disk, called by a submitter of one project."""
    return make_api()
