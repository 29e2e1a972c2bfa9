"""The pages that need no key: the API document, its readable form, the problems, the door."""

import functools
from collections.abc import Callable
from importlib import resources
from typing import Any

from flask import Flask, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from queueapp.api.conditional import conditional
from queueapp.api.docs import docs_page
from queueapp.api.openapi.collecting import DocumentedApi
from queueapp.api.openapi.version30 import downgrade
from queueapp.api.problems import PROBLEMS
from queueapp.api.responses import answer, json_bytes
from queueapp.api.services import base_url
from queueapp.domain.errors import NotFound

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
ASSETS = {"docs.css": "text/css; charset=utf-8", "docs.js": "text/javascript; charset=utf-8"}


def html_page(text: str) -> BaseResponse:
    """Return an HTML page under a strict content policy."""
    response = Response(text, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    return conditional(response)


def _document(document: dict[str, Any]) -> BaseResponse:
    served = {**document, "servers": [{"url": base_url(), "description": "This server."}]}
    return conditional(Response(json_bytes(served), content_type="application/json"))


def _either(page: Callable[[], str], body: Callable[[], dict[str, Any]]) -> BaseResponse:
    """Answer people with a page and programs with JSON."""
    accepted = request.accept_mimetypes
    wants_html = accepted["text/html"] > accepted["application/json"]
    response = html_page(page()) if wants_html else conditional(answer(body()))
    response.vary.add("Accept")
    return response


def _row(code: str) -> dict[str, Any]:
    known = PROBLEMS[code]
    return {"code": code, "title": known.title, "status": known.status, "advice": known.advice}


def problem_page(code: str) -> BaseResponse:
    """Explain a problem by its code, to people or to programs."""
    if code not in PROBLEMS:
        raise NotFound
    return _either(
        lambda: render_template("problem.html", code=code, problem=PROBLEMS[code]),
        lambda: _row(code),
    )


def problem_index() -> BaseResponse:
    """List the problems."""
    return _either(
        lambda: render_template("problems.html", problems=PROBLEMS),
        lambda: {"problems": [_row(code) for code in PROBLEMS]},
    )


def docs_asset(name: str) -> BaseResponse:
    """Return the documentation's style or script."""
    if name not in ASSETS:
        raise NotFound
    raw = (resources.files("queueapp.api") / "static" / name).read_bytes()
    return conditional(Response(raw, content_type=ASSETS[name]))


def home() -> BaseResponse:
    """Lead to the documentation."""
    return redirect("/docs")


def install_pages(app: Flask, api: DocumentedApi, management: DocumentedApi) -> None:
    """Add the routes; the documents are made when first asked for."""
    app.template_folder = str(resources.files("queueapp.api") / "templates")
    app.add_url_rule("/", "home", home)
    _install_documents(app, api, management)
    app.add_url_rule("/docs/<string:name>", "docs_asset", docs_asset)
    app.add_url_rule("/problems", "problem_index", problem_index)
    app.add_url_rule("/problems/<string:code>", "problem_page", problem_page)


def _install_documents(app: Flask, api: DocumentedApi, management: DocumentedApi) -> None:
    newest = functools.cache(api.document)
    older = functools.cache(lambda: downgrade(newest()))
    managing = functools.cache(management.document)

    @functools.lru_cache(maxsize=8)
    def readable(base: str) -> str:
        return render_template("docs.html", **docs_page(newest(), base))

    for path, endpoint, made in (
        ("/openapi.json", "openapi_31", newest),
        ("/openapi-3.0.json", "openapi_30", older),
        ("/management/openapi.json", "openapi_management", managing),
    ):
        app.add_url_rule(path, endpoint, functools.partial(_told, made))
    app.add_url_rule("/docs", "docs", lambda: html_page(readable(base_url())))


def _told(made: Callable[[], dict[str, Any]]) -> BaseResponse:
    return _document(made())
