"""Rules about the API document, so that client generators and people can rely on it."""

import re
from typing import Any, cast

from flask import Flask
from openapi_spec_validator import validate

from queueapp.api.auth import view_method
from queueapp.api.docs import docs_page
from queueapp.api.problems import PROBLEM_TYPE, PROBLEMS
from tests.house.document import Doc, operations, resolve

# Errors of these rooms may reach a caller; those of workers end in a job's failure.
KNOWN_TYPES = ("application/json", "application/octet-stream", "text/plain", PROBLEM_TYPE)
WEB_ROOMS = ("api", "domain", "engine", "foresight", "objects", "parameters", "signing", "store")


def test_both_documents_are_valid(newest: Doc, older: Doc) -> None:
    """The main document is 3.1, its copy 3.0.3, and a validator accepts both."""
    validate(cast(Any, newest))
    validate(cast(Any, older))

    assert newest["openapi"] == "3.1.0"
    assert older["openapi"] == "3.0.3"


def test_operation_ids_are_unique_camel_case_words(newest: Doc) -> None:
    """Generators make method names of them."""
    ids = [operation["operationId"] for _, operation in operations(newest)]

    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z]+[A-Z][A-Za-z]+", name) for name in ids)


def test_every_operation_is_explained(newest: Doc) -> None:
    """One known tag, a short summary, a description, the role it needs."""
    tags = {tag["name"] for tag in newest["tags"]}
    for name, operation in operations(newest):
        assert len(operation["tags"]) == 1, name
        assert operation["tags"][0] in tags, name
        assert 5 < len(operation["summary"]) < 80, name
        assert not operation["summary"].endswith("."), name
        assert len(operation["description"]) > 20, name
        assert operation["x-role"] in ("viewer", "submitter", "operator", "admin"), name
    assert len(tags) == len(newest["tags"])


def test_every_query_parameter_is_documented(bare_app: Flask, newest: Doc) -> None:
    """What a view takes, and nothing else, with a description; headers stand beside it."""
    managed: Doc = bare_app.test_client().get("/management/openapi.json").get_json()
    known = dict(operations(newest)) | dict(operations(managed))
    for rule in bare_app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for method in rule.methods or ():
            operation = known.pop(f"{method.lower()} {path}", None)
            if operation is None:
                continue
            with bare_app.app_context():
                takes = getattr(view_method(rule.endpoint, method), "takes_query", frozenset())
            told = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
            assert takes == {one["name"] for one in told}, path
            assert all("description" in one for one in told), path
    assert known == {}


def test_every_operation_declares_its_errors_as_problems(newest: Doc) -> None:
    """400, 401, 403, 404, 429, 500 and 503 always; 413 and 415 where there is a body."""
    for name, operation in operations(newest):
        responses = operation["responses"]
        body = {"413", "415"} if "requestBody" in operation else set()
        assert {"400", "401", "403", "404", "429", "500", "503", *body} <= responses.keys(), name
        for status, response in responses.items():
            if status >= "400":
                content = resolve(newest, response)["content"]
                assert list(content) == [PROBLEM_TYPE], (name, status)
                assert content[PROBLEM_TYPE]["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_headers_are_declared_where_they_are_sent(newest: Doc) -> None:
    """A request id everywhere; where things are made, their address; when to come again."""
    for name, operation in operations(newest):
        for status, response in operation["responses"].items():
            headers = resolve(newest, response).get("headers", {})
            assert "X-Request-Id" in headers, (name, status)
            if status in ("429", "503"):
                assert "Retry-After" in headers
            if status == "401":
                assert "WWW-Authenticate" in headers
            if status == "201":
                assert "Location" in headers, name
        keyed = any(p.get("name") == "Idempotency-Key" for p in operation.get("parameters", ()))
        if name.startswith("post"):
            assert keyed, f"{name} cannot be repeated safely"
            good = [r for s, r in operation["responses"].items() if s.startswith("2")]
            assert all("Idempotency-Replayed" in response["headers"] for response in good), name
            assert "422" in operation["responses"], name


def test_path_parameters_are_explained(newest: Doc) -> None:
    """Each id has a description and an example."""
    for path, item in newest["paths"].items():
        found = {p["name"]: p for p in item.get("parameters", ()) if p["in"] == "path"}
        assert set(found) == set(re.findall(r"{(\w+)}", path))
        for parameter in found.values():
            assert parameter["description"], path
            assert parameter["example"], path


def test_query_parameters_are_explained_and_never_null(newest: Doc) -> None:
    """An absent parameter is left out."""
    for name, operation in operations(newest):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query":
                inner = resolve(newest, parameter["schema"])
                assert "null" not in str(inner.get("type")), (name, parameter["name"])
                assert parameter.get("description") or "$ref" in str(parameter), name


def test_generators_of_clients_know_a_type_of_each_answer(newest: Doc) -> None:
    """Of the types of an answer the first is one that every generator makes code for."""
    for name, operation in operations(newest):
        for status, response in operation["responses"].items():
            kinds = [*resolve(newest, response).get("content", {}), "application/json"]
            assert kinds[0] in KNOWN_TYPES, (name, status)


def test_server_and_security_are_stated(newest: Doc) -> None:
    """One absolute address, and two ways to send a key for everything."""
    assert newest["servers"][0]["url"] == "https://queue.example.com"
    assert newest["security"] == [{"bearerAuth": []}, {"apiKey": []}]
    assert newest["components"]["securitySchemes"].keys() == {"bearerAuth", "apiKey"}


def test_nothing_unused_and_nothing_private_is_in_it(newest: Doc) -> None:
    """Every component is used, and our own marks are taken out."""
    text = str(newest)
    for kind in ("schemas", "responses", "headers"):
        for name in newest["components"][kind]:
            assert f"#/components/{kind}/{name}" in text, name
    assert "x-queueapp" not in text
    assert "x-minimum" not in text
    assert "PaginationMetadata" not in text


def test_every_error_code_of_the_domain_has_a_problem() -> None:
    """A new domain error must be given a status."""
    from queueapp.domain import errors

    waiting: list[type[errors.QueueappError]] = [errors.QueueappError]
    while waiting:
        kind = waiting.pop()
        if kind.__module__.split(".")[1] in WEB_ROOMS:
            assert kind.code in PROBLEMS, kind
        waiting += kind.__subclasses__()


def test_the_readable_page_says_what_each_requested_field_takes(newest: Doc) -> None:
    """Every field has words, and every upper bound is among them."""
    page = docs_page(newest, "https://queue.example.com")
    bodies = [op["body"] for group in page["groups"] for op in group["operations"] if op["body"]]
    texts = {row["name"]: row["text"] for body in bodies for row in body["fields"]}

    assert [] == [name for name, text in texts.items() if not text]
    assert texts["jobDescription"].endswith("Up to 2000 characters.")
    assert texts["scheduling.timeoutMinutes"].endswith("1 to 1440.")
    assert texts["requirements.memoryGB"].endswith("Above 0, at most 65536.")
