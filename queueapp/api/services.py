"""What views work with: the engine, the object store, the settings; set once by create_app."""

from dataclasses import dataclass, field
from typing import cast
from urllib.parse import quote

from flask import current_app, request

from queueapp.config import Config
from queueapp.domain.scope import Scope
from queueapp.engine.engine import Engine
from queueapp.objects import ObjectStore
from queueapp.store.idempotency import IdempotencyKeys


@dataclass(frozen=True)
class Services:
    """The things that every view may need."""

    config: Config
    engine: Engine
    objects: ObjectStore
    idempotency: IdempotencyKeys
    link_secret: str = field(repr=False)


def services() -> Services:
    """Return the services of the app that answers this request."""
    return cast(Services, current_app.extensions["queueapp"])


def base_url() -> str:
    """Return the absolute address that answers show: the setting, else the one asked for."""
    asked = f"{request.scheme}://{request.environ.get('HTTP_HOST', 'localhost')}"
    return (services().config.base_url or asked).rstrip("/")


def address(scope: Scope, *parts: str) -> str:
    """Return the absolute address of something in a project."""
    whole = (scope.tenant, scope.project, *parts)
    return f"{base_url()}/api/" + "/".join(quote(part, safe="") for part in whole)
