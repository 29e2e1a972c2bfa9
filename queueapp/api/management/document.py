"""The Job Management API's own OpenAPI document: its errors and its security are its own."""

from http import HTTPStatus

from flask import Flask
from flask_smorest import Api
from marshmallow import fields

import queueapp
from queueapp.api.management import devices, envelope, examples, health, jobs, workers
from queueapp.api.openapi.collecting import DocumentedApi
from queueapp.api.openapi.finishing import finish
from queueapp.api.openapi.words import Doc
from queueapp.api.schemas import ResponseSchema
from queueapp.api.schemas.fields import Note
from queueapp.config import Config

PREFIX = "MANAGEMENT_"
BLUEPRINTS = (
    jobs.blueprint,
    workers.blueprint,
    health.blueprint,
    devices.blueprint,
)
INFO = """Look at jobs and workers, cancel what is queued, delete workers, check the health; send
commands and configuration to network devices.

Every answer is an envelope of `code`, `message` and `data`; errors have the code -1 and an HTTP
status. Times carry the numeric offset of the configured zone. Unknown query parameters are
ignored.
"""
ERRORS = {
    400: "A parameter has a wrong value; `data` says which.",
    403: "The key is missing or unknown, or its role does not allow this.",
    404: "There is no such job or worker.",
    405: "The address does not know this method.",
    409: "The job is not queued any more.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The Idempotency-Key was used before with another request.",
    429: "Too many requests; Retry-After says when to try again.",
    500: "Something went wrong inside.",
    503: "The store cannot be reached, or no worker lives.",
}


class Failure(ResponseSchema):
    """An error."""

    code = fields.Integer(metadata={"format": "int32", "minimum": -1, "maximum": -1})
    message = Note()
    data = fields.Raw(metadata={"description": "What was wrong, where that can be said."})


class ManagementApi(DocumentedApi):
    """The same way of documenting, with envelopes for errors."""

    ERROR_SCHEMA = Failure
    #: Where keys are taken beside the header, and whether the health needs one.
    key_places: tuple[str, ...] = ()
    open_health = False

    def _register_responses(self) -> None:
        for status, text in ERRORS.items():
            content = {"application/json": {"schema": Failure, "example": examples.ERROR}}
            response: Doc = {"description": text, "content": content}
            self.spec.components.response(HTTPStatus(status).name, response, lazy=True)
        # The usual errors are declared everywhere; here a missing key is 403.
        missing: Doc = {"description": ERRORS[403]}
        self.spec.components.response(HTTPStatus.UNAUTHORIZED.name, missing, lazy=True)

    def document(self) -> Doc:
        """Return the finished document, without its server's address."""
        document = self.spec.to_dict()
        for item in document["paths"].values():
            for operation in item.values():
                if isinstance(operation, dict):
                    operation["responses"].pop("401", None)
        health = document["paths"]["/health"]["get"]["responses"]["200"]
        health["content"]["text/plain"] = {"schema": {"type": "string"}}
        document = finish(document, INFO)
        keys: list[dict[str, list[str]]] = [{"apiKey": []}, {"bearerAuth": []}]
        for place in self.key_places:
            scheme = {"type": "apiKey", "in": place, "name": "X-API-KEY"}
            document["components"]["securitySchemes"][f"{place}ApiKey"] = scheme
            keys.append({f"{place}ApiKey": []})
        document["security"] = keys
        if self.open_health:
            document["paths"]["/health"]["get"]["security"] = [*keys, {}]
        return document


def install_management(app: Flask, config: Config) -> ManagementApi:
    """Add the calls; return the maker of their document."""
    app.config.update(
        {
            f"{PREFIX}API_TITLE": "queueapp Job Management",
            f"{PREFIX}API_VERSION": queueapp.__version__,
            f"{PREFIX}OPENAPI_VERSION": "3.1.0",
        }
    )
    envelope.install_envelope(app)
    health.install_health_counts(app)
    api = ManagementApi(app, config_prefix=PREFIX)
    api.key_places = ("query", "cookie") if config.key_anywhere else ()
    api.open_health = config.open_health
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    return api


__all__ = ("Api", "ManagementApi", "install_management")
