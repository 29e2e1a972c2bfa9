"""Rules about the schemas of the API document, which client generators rely on."""

from jsonschema import Draft202012Validator

from queueapp.api.schemas import enums
from tests.house.document import Doc, nodes, operations, reached, resolve

NO_JSON = ("text/plain",)


def test_every_body_is_a_named_schema_with_an_example(newest: Doc) -> None:
    """Inline shapes get invented names in generated clients."""
    for name, operation in operations(newest):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for body in (*bodies, *operation["responses"].values()):
            content = resolve(newest, body).get("content", {})
            for kind, media in content.items():
                if kind in NO_JSON or media["schema"].get("format") == "binary":
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
        assert schemas[name].get("additionalProperties", True) is True, name
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
        assert "null" != node.get("type"), place
        assert "nullable" not in node or "type" in node, place
        if "anyOf" in node:
            assert node["anyOf"][1:] == [{"type": "object", "nullable": True, "enum": [None]}], (
                place
            )
    job = older["components"]["schemas"]["Job"]["properties"]
    assert job["jobDescription"]["nullable"] is True
    assert job["resource"]["anyOf"][0] == {"$ref": "#/components/schemas/JobResource"}


def test_bodies_have_a_name_and_those_of_deletes_are_optional(newest: Doc) -> None:
    """That null is taken for none is not told: what generators make of it cannot be left out."""
    for name, operation in operations(newest):
        if "requestBody" in operation:
            body = operation["requestBody"]
            (media,) = body["content"].values()
            assert list(media["schema"]) == ["$ref"], name
            assert not (name.startswith("delete") and body["required"]), name
