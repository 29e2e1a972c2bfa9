"""Declaring job types, and the JSON Schema of their parameters."""

import enum
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from marshmallow import EXCLUDE, Schema, fields, validate

from queueapp import BadInput, JobContext, job_types
from queueapp.job_types import JobModuleFailed, job_type, load_modules, registry
from queueapp.parameters.schema import json_schema


class Colour(enum.Enum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


class Window(Schema):
    """A stretch of time."""

    start = fields.Date(required=True, data_key="startDate")
    end = fields.DateTime(data_key="endDate", allow_none=True)


class Everything(Schema):
    """One field of each kind."""

    count = fields.Integer(required=True, validate=validate.Range(min=1, max=9))
    share = fields.Float(validate=validate.Range(min=0, max=1, min_inclusive=False))
    name = fields.String(
        validate=[validate.Length(min=1, max=20), validate.Regexp("[a-z]+$")],
        metadata={"description": "What it is called"},
    )
    kind = fields.String(validate=validate.OneOf(["a", "b"]), allow_none=True, load_default="a")
    colour = fields.Enum(Colour, by_value=True)
    colours = fields.List(fields.Enum(Colour), validate=validate.Length(max=2))
    tags = fields.List(fields.String(), validate=validate.ContainsOnly(["x", "y"]))
    window = fields.Nested(Window, allow_none=True)
    windows = fields.List(fields.Nested(Window))
    options = fields.Dict(keys=fields.String(), values=fields.Boolean())
    anything = fields.Raw()
    made = fields.String(dump_only=True)


class Tree(Schema):
    """A schema that holds itself."""

    children = fields.List(fields.Nested(lambda: Tree()))  # noqa: PLW0108 - not defined yet


@pytest.fixture
def clean_registry() -> Iterator[None]:
    """Take back what a test declares."""
    before = registry()
    yield
    job_types._REGISTRY.clear()
    job_types._REGISTRY.update(before)


GOOD: dict[str, Any] = {
    "count": 3,
    "share": 0.5,
    "name": "abc",
    "kind": None,
    "colour": "red",
    "colours": ["RED"],
    "tags": ["x"],
    "window": {"startDate": "2026-01-31", "endDate": None},
    "windows": [],
    "options": {"deep": True},
    "anything": [1],
}


def test_the_json_schema_is_valid_and_accepts_what_marshmallow_accepts() -> None:
    """The API may check with it what the job will check again."""
    schema = json_schema(Everything)

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(GOOD, schema)
    Everything().load(GOOD)


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 0},
        {"count": 10},
        {"count": None},
        {"share": 0},
        {"name": ""},
        {"name": "ABC"},
        {"kind": "c"},
        {"colour": "RED"},
        {"colours": ["RED", "RED", "RED"]},
        {"colours": ["red"]},
        {"tags": ["z"]},
        {"window": {}},
        {"window": {"startDate": 5}},
        {"window": {"startDate": "2026-01-31", "more": 1}},
        {"windows": [{}]},
        {"options": {"deep": 7}},
        {"unknown": 1},
        {"made": "x"},
    ],
)
def test_both_refuse_what_is_wrong(wrong: dict[str, Any]) -> None:
    """No rule is lost on the way from marshmallow to JSON Schema."""
    parameters = {**GOOD, **wrong}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(parameters, json_schema(Everything))
    assert Everything().validate(parameters)


def test_descriptions_formats_defaults_and_required_are_kept() -> None:
    """They are what readers of the catalogue see."""
    schema = json_schema(Everything)
    properties = schema["properties"]

    assert ["count"] == schema["required"]
    assert schema["additionalProperties"] is False
    assert "What it is called" == properties["name"]["description"]
    assert "a" == properties["kind"]["default"]
    assert ["object", "null"] == properties["window"]["type"]
    inner = properties["window"]["properties"]
    assert {"type": "string", "format": "date"} == inner["startDate"]
    assert {"type": ["string", "null"], "format": "date-time"} == inner["endDate"]


def test_a_schema_that_holds_itself_becomes_a_reference() -> None:
    """Recursion ends."""
    schema = json_schema(Tree)

    assert {"$ref": "#"} == schema["properties"]["children"]["items"]
    jsonschema.validate({"children": [{"children": []}]}, schema)


def test_a_schema_that_ignores_unknown_fields_allows_them() -> None:
    """Only RAISE forbids them."""
    schema = json_schema(Schema.from_dict({"a": fields.Int()}))
    loose = type("Loose", (Schema,), {"Meta": type("Meta", (), {"unknown": EXCLUDE})})

    assert schema["additionalProperties"] is False
    assert "additionalProperties" not in json_schema(loose)


@pytest.mark.usefixtures("clean_registry")
def test_a_declared_type_can_be_called_described_and_loaded() -> None:
    """The decorated name is the type; calling it calls the function."""

    @job_type("Test.One", parameters=Everything, stages=("A",), memory_gb=0.5)
    def one(job: JobContext) -> str:
        """Do one thing.

        And more.
        """
        return "done"

    assert registry()["Test.One"] is one
    assert "done" == one(None)  # type: ignore[arg-type]
    assert ("Do one thing.", ("A",), 0.5) == (
        one.info.description,
        one.info.stages,
        one.info.memory_gb,
    )
    assert Colour.RED is one.load({"count": 1, "colour": "red"})["colour"]
    with pytest.raises(RuntimeError, match=r"Test\.One is not bound"):
        one.send()


@pytest.mark.usefixtures("clean_registry")
@pytest.mark.parametrize(
    ("parameters", "field"),
    [({"count": 99}, "count"), ({"count": 1, "window": {}}, "window.startDate"), ({}, "count")],
)
def test_bad_parameters_name_the_field(parameters: dict[str, Any], field: str) -> None:
    """Down to the inner one."""
    declared = job_type("Test.Two", parameters=Everything)(lambda job: None)

    with pytest.raises(BadInput) as caught:
        declared.load(parameters)

    assert field == caught.value.field
    assert caught.value.message.startswith(f"{field}: ")


@pytest.mark.usefixtures("clean_registry")
def test_a_name_belongs_to_one_function() -> None:
    """Two types of one name would be a lottery."""

    def first(job: JobContext) -> None:
        pass

    def second(job: JobContext) -> None:
        pass

    job_type("Test.Three")(first)
    job_type("Test.Three")(first)
    with pytest.raises(ValueError, match="declared twice"):
        job_type("Test.Three")(second)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "has space"},
        {"name": "x" * 65},
        {"name": "Ok", "cpu_units": 0},
        {"name": "Ok", "memory_gb": 0},
        {"name": "Ok", "max_attempts": 0},
        {"name": "Ok", "isolation": "vm"},
    ],
)
def test_impossible_declarations_are_refused(wrong: dict[str, Any]) -> None:
    """At import, not at the first job."""
    with pytest.raises(ValueError, match=r"."):
        job_type(**wrong)


@pytest.mark.usefixtures("clean_registry")
def test_a_packages_modules_are_loaded_and_failures_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package brings its plain modules; a broken one is named with its reason."""
    package = tmp_path / "acme_jobs"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "_private.py").write_text("raise RuntimeError")
    (package / "mail.py").write_text(
        "from queueapp import job_type\n\n@job_type('Acme.Mail')\ndef mail(job):\n    pass\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path])

    assert "Acme.Mail" in load_modules(["acme_jobs"], [str(tmp_path)])

    (package / "broken.py").write_text("import not_installed_anywhere")
    with pytest.raises(JobModuleFailed, match=r"acme_jobs\.broken.*not_installed_anywhere"):
        load_modules(["acme_jobs"])


def test_declaring_job_types_needs_none_of_the_servers_libraries() -> None:
    """Job processes stay lean, and job modules can be tested without a broker."""
    script = (
        "import sys, queueapp\n"
        "queueapp.job_type('X')(lambda job: None)\n"
        "print(sorted({'dramatiq', 'redis', 'flask', 'polars', 'psutil'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )

    assert "[]" == ran.stdout.strip()
