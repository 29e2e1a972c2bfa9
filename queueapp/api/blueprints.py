"""Which blueprints there are, and the document that they fill."""

from flask import Flask

import queueapp
from queueapp.api import (
    artifacts,
    audit,
    bulk,
    datasets,
    events,
    history,
    job_logs,
    job_types,
    jobs,
    metrics,
    nodes,
    pipelines,
    predictions,
    queue,
    schedules,
    steering,
    system,
    workers,
    workflows,
)
from queueapp.api.openapi.collecting import DocumentedApi

TITLE = "queueapp"
BLUEPRINTS = (
    jobs.blueprint,
    queue.blueprint,
    history.blueprint,
    predictions.blueprint,
    job_logs.blueprint,
    events.blueprint,
    workflows.blueprint,
    schedules.blueprint,
    job_types.blueprint,
    datasets.blueprint,
    pipelines.blueprint,
    artifacts.blueprint,
    steering.blueprint,
    bulk.blueprint,
    audit.blueprint,
    system.blueprint,
    nodes.blueprint,
    workers.blueprint,
    metrics.blueprint,
)


def install_blueprints(app: Flask) -> DocumentedApi:
    """Register every blueprint; return the API document's maker."""
    app.config.update(API_TITLE=TITLE, API_VERSION=queueapp.__version__, OPENAPI_VERSION="3.1.0")
    api = DocumentedApi(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    return api
