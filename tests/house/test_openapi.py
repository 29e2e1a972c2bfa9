"""Rules about the API document, so that client generators and people can rely on it."""

import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from queueapp.api.docs import docs_page
from queueapp.api.openapi.version30 import downgrade
from queueapp.api.problems import PROBLEM_TYPE, PROBLEMS
from queueapp.api.schemas import enums
from queueapp.api.services import Services
from queueapp.app import create_app
from queueapp.config import Config

Doc = dict[str, Any]
# Errors of these rooms may reach a caller; those of workers end in a job's failure.
WEB_ROOMS = ("api", "domain", "engine", "foresight", "objects", "parameters", "signing", "store")
METHODS = ("get", "put", "post", "delete", "patch")


@pytest.fixture(scope="module")
def newest() -> Doc:
    """The OpenAPI 3.1 document; nothing behind the app is needed to make it."""
    config = Config(base_url="https://queue.example.com", secret_key="x", admin_key="x")
    services = cast(Services, type("Fake", (), {"config": config}))
    client = create_app(config, services).test_client()
    document: Doc = client.get("/openapi.json").get_json()
    return document


@pytest.fixture(scope="module")
def older(newest: Doc) -> Doc:
    """The 3.0.3 copy."""
    return downgrade(newest)


def operations(document: Doc) -> Iterator[tuple[str, Doc]]:
    """Yield every operation with its method and path."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method} {path}", item[method]


def nodes(node: Any, path: str = "") -> Iterator[tuple[str, Doc]]:
    """Yield every object of a document with its place, examples aside."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            if key not in ("example", "examples", "default"):
                yield from nodes(value, f"{path}/{key}")
    elif isinstance(node, list):
        for at, value in enumerate(node):
            yield from nodes(value, f"{path}/{at}")


def resolve(document: Doc, node: Doc) -> Doc:
    """Return what a reference points to."""
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def reached(document: Doc, node: Any) -> set[str]:
    """Return the names of the schemas that a part of the document uses."""
    names: set[str] = set()
    waiting = [node]
    while waiting:
        for _, found in nodes(waiting.pop()):
            name = str(found.get("$ref", "")).removeprefix("#/components/schemas/")
            if "$ref" in found and "/" not in name and name not in names:
                names.add(name)
                waiting.append(document["components"]["schemas"][name])
    return names


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
            assert {"409", "422"} <= operation["responses"].keys(), name


def test_every_json_body_is_a_named_schema_with_an_example(newest: Doc) -> None:
    """Inline shapes get invented names in generated clients."""
    for name, operation in operations(newest):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for body in (*bodies, *operation["responses"].values()):
            content = resolve(newest, body).get("content", {})
            for kind, media in content.items():
                if kind == "multipart/form-data" or media["schema"].get("format") == "binary":
                    continue
                if kind == "text/event-stream":
                    assert all("$ref" in one for one in media["schema"]["x-event-schemas"].values())
                    continue
                schema = media["schema"].get("anyOf", [media["schema"]])[0]
                assert "$ref" in schema, (name, kind)
                assert "example" in media, (name, kind)


def test_examples_are_as_their_schemas_say(newest: Doc) -> None:
    """An example that is wrong is worse than none."""
    for place, node in nodes(newest):
        if "schema" in node and "example" in node:
            schema = {**node["schema"], "components": newest["components"]}
            checker = Draft202012Validator(
                schema, format_checker=Draft202012Validator.FORMAT_CHECKER
            )
            errors = [error.message for error in checker.iter_errors(node["example"])]
            assert errors == [], place


def test_requests_are_strict_and_answers_tolerant(newest: Doc) -> None:
    """Unknown fields are refused in requests; answers may grow."""
    asked: set[str] = set()
    told: set[str] = set()
    for _, operation in operations(newest):
        asked |= reached(newest, operation.get("requestBody", {}))
        for response in operation["responses"].values():
            told |= reached(newest, resolve(newest, response))
    schemas = newest["components"]["schemas"]
    objects = {name for name, schema in schemas.items() if schema["type"] == "object"}
    for name in asked & objects:
        assert schemas[name]["additionalProperties"] is False, name
    for name in told & objects:
        assert "additionalProperties" not in schemas[name], name
    assert not asked & told & objects
    assert asked | told >= objects


def test_fields_of_answers_are_required_unless_a_key_may_be_left_out(newest: Doc) -> None:
    """Optional keys of answers are few and known."""
    optional = set()
    told = [
        reached(newest, resolve(newest, response))
        for _, operation in operations(newest)
        for response in operation["responses"].values()
    ]
    for name in set().union(*told):
        schema = newest["components"]["schemas"][name]
        left_out = set(schema.get("properties", {})) - set(schema.get("required", ()))
        optional |= {f"{name}.{field}" for field in left_out}

    assert optional == {
        "Problem.details",
        "Job.error",
        "Job.errorDetails",
        "JobRow.startTime",
        "JobRow.resourceName",
        "JobRow.estimatedCompletion",
        "JobRow.endTime",
        "JobRow.duration",
        "JobRow.durationSeconds",
        "JobOutput.recordCount",
        "JobOutput.accuracy",
        "JobResults.executionMetrics",
        "JobResults.qualityMetrics",
        "HistoryBucket.partial",
        "HistoryBucket.priorityDistribution",
        "HistoryBucket.queueSize",
        "HistoryBucket.throughput",
        "HistoryBucket.waitReasons",
        "HistoryBucket.waitTime",
        "BucketThroughput.efficiency",
        "BucketThroughput.jobsCancelled",
        "BucketThroughput.jobsCompleted",
        "BucketThroughput.jobsFailed",
        "BucketThroughput.jobsStarted",
        "BucketThroughput.jobsSubmitted",
    }


def test_enums_are_named_components_used_by_reference(newest: Doc) -> None:
    """A list of values appears once, under its own name, with names for its members."""
    for place, node in nodes(newest["components"]["schemas"]):
        if "enum" in node:
            assert place.count("/") == 1, place
            assert len(node["x-enum-varnames"]) == len(node["enum"]), place
    schemas = newest["components"]["schemas"]
    assert schemas["Priority"]["enum"] == ["Critical", "High", "Normal", "Low"]
    assert schemas["JobStatus"]["enum"] == [str(status) for status in enums.Status]


def test_numbers_say_their_width(newest: Doc) -> None:
    """Without a format generators take 32 bits."""
    for place, node in nodes(newest):
        kinds = node.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if "integer" in kinds:
            assert node.get("format") in ("int32", "int64"), place
        if "number" in kinds:
            assert node.get("format") == "double", place


def test_requested_numbers_and_texts_are_bounded(newest: Doc) -> None:
    """Every number and list that a caller sends has a limit in the document."""
    for _, operation in operations(newest):
        for name in reached(newest, operation.get("requestBody", {})):
            for place, node in nodes(newest["components"]["schemas"][name], name):
                kinds = node.get("type", [])
                if "integer" in kinds or "number" in kinds:
                    assert "maximum" in node, place
                if "array" in kinds:
                    assert "maxItems" in node, place


def test_nullable_is_said_in_each_versions_way(newest: Doc, older: Doc) -> None:
    """3.1 has null as a type, 3.0 the keyword; neither leaks into the other."""
    for place, node in nodes(newest):
        assert not isinstance(node.get("nullable"), bool), place
        if "anyOf" in node:
            assert node["anyOf"][1:] == [{"type": "null"}], place
            assert "$ref" in node["anyOf"][0], place
    for place, node in nodes(older):
        assert not isinstance(node.get("type"), list), place
        assert "anyOf" not in node, place
        assert {"type": "null"} != {key: node[key] for key in node if key == "type"}, place
    job = older["components"]["schemas"]["Job"]["properties"]
    assert job["jobDescription"]["nullable"] is True
    assert job["resource"] == {
        "allOf": [{"$ref": "#/components/schemas/JobResource"}],
        "nullable": True,
    }


def test_delete_bodies_are_optional_and_may_be_null(newest: Doc) -> None:
    """Some clients send the literal null."""
    for name, operation in operations(newest):
        if name.startswith("delete") and "requestBody" in operation:
            body = operation["requestBody"]
            assert body["required"] is False
            assert {"type": "null"} in body["content"]["application/json"]["schema"]["anyOf"]


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
