"""Writes down what a request did that no script records by itself.

Views of datasets, pipelines and workers call it just after they have acted.
"""

from typing import Any

from flask import g

from queueapp.api.auth import key
from queueapp.api.services import services
from queueapp.domain.audit import Act
from queueapp.domain.scope import Scope

_PUT = {"new": "create", "replaced": "replace"}


def record(scope: Scope, action: str, reason: str | None = None, **facts: Any) -> None:
    """Write an action of the key's user into the audit trail of a scope, or of the fleet."""
    act = Act(key().user, reason, g.request_id)
    services().engine.store.audit.record(scope, action, act, **facts)


def record_put(scope: Scope, kind: str, thing_id: str, how: str) -> None:
    """Write down that a dataset or a pipeline was put, unless that changed nothing."""
    if how in _PUT:
        record(scope, f"{_PUT[how]}_{kind}", **{kind: thing_id})
