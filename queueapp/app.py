"""The web application: wiring only. gunicorn reaches it through wsgi.py, tests call it directly."""

from collections.abc import Callable
from typing import Any

from dramatiq.middleware import Middleware
from flask import Flask

from queueapp import tracing
from queueapp.api.access import install_access_log
from queueapp.api.auth import install_auth
from queueapp.api.blueprints import install_blueprints
from queueapp.api.compression import install_compression
from queueapp.api.cors import install_cors
from queueapp.api.errors import install_errors
from queueapp.api.health import install_health
from queueapp.api.hosts import guard_hosts
from queueapp.api.management.document import install_management
from queueapp.api.metrics import install_metrics
from queueapp.api.pages import install_pages
from queueapp.api.parser import MAX_JSON_BYTES, check_address
from queueapp.api.rates import install_rates
from queueapp.api.responses import install_responses
from queueapp.api.services import Services
from queueapp.api.streams import install_streams
from queueapp.api.traces import install_traces
from queueapp.broker import QueueBroker
from queueapp.config import Config
from queueapp.engine.engine import Engine
from queueapp.middleware.priority import PriorityMiddleware
from queueapp.middleware.tracing import TracingMiddleware
from queueapp.objects import open_object_store
from queueapp.server import signing_key, store_url
from queueapp.store import Store, connect
from queueapp.store.idempotency import IdempotencyKeys

# Requests share these, more make no difference (24 clients, 4 or 16: about 340 requests a second);
# with a worker's four, a small installation fits into the smallest plans of stores.
WEB_CONNECTIONS = 4


def make_services(config: Config) -> Services:
    """Return what views work with, connected as the settings say."""
    client = connect(
        store_url(config),
        max_connections=WEB_CONNECTIONS,
        name="queueapp-web",
        patience_s=config.store_seconds,
    )
    store = Store(client, config.key_prefix)
    middleware: list[Middleware] = [PriorityMiddleware()]
    if tracing.enabled():
        middleware.append(TracingMiddleware())
    broker = QueueBroker(store, middleware=middleware, max_queued=config.max_queued_jobs)
    return Services(
        config=config,
        engine=Engine(
            store,
            config,
            enqueue=broker.submit,
            enqueue_many=broker.submit_many,
            clock=store.clock,
        ),
        objects=open_object_store(config.effective_objects_url),
        idempotency=IdempotencyKeys(client, store.keys, store.scripts),
        link_secret=signing_key(config),
    )


def _as_it_is(function: Callable[..., Any]) -> Callable[..., Any]:
    """Stand in for Flask's look at whether a function is a coroutine: none of ours is."""
    return function


def create_app(config: Config, services: Services | None = None) -> Flask:
    """Return the application for ``config``; ``services`` replaces what it would make."""
    app = Flask("queueapp", static_folder=None)
    app.ensure_sync = _as_it_is  # type: ignore[method-assign, assignment] # asked 30 times a request
    app.config["MAX_CONTENT_LENGTH"] = MAX_JSON_BYTES
    app.config["QUEUEAPP_BASE_URL"] = config.base_url
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    app.extensions["queueapp"] = services or make_services(config)
    app.wsgi_app = guard_hosts(app.wsgi_app)  # type: ignore[method-assign, assignment] # Flask's own way
    if tracing.enabled():
        install_traces(app)
    if config.environment == "production":
        install_access_log(app)
    install_streams(app, config.max_streams, config.max_streams_per_key)
    install_responses(app)
    install_compression(app)
    install_cors(app, config.cors_origins)
    app.before_request(check_address)
    install_metrics(app)
    install_rates(app, config.bad_keys_per_minute)
    install_auth(app)
    install_errors(app)
    install_health(app)
    install_pages(app, install_blueprints(app), install_management(app, config))
    return app
