"""Liveness and readiness for platforms; open, and silent about everything else."""

from flask import Flask, Response

from queueapp.api.responses import answer
from queueapp.api.services import services
from queueapp.domain.errors import Unavailable


def livez() -> Response:
    """Say that the process answers."""
    return answer({"status": "ok"})


def readyz() -> Response:
    """Say that requests can be served: the store answers and workers have published job types.

    Raises: Unavailable.
    """
    try:
        known = services().engine.store.fleet.catalogue()
    except Unavailable as error:
        raise Unavailable("The store cannot be reached.") from error
    if not known:
        raise Unavailable("No worker has started yet, so no job type is known.")
    return answer({"status": "ok"})


def install_health(app: Flask) -> None:
    """Add the two routes."""
    app.add_url_rule("/livez", "livez", livez)
    app.add_url_rule("/readyz", "readyz", readyz)
