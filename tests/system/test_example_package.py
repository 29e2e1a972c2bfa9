"""The documented example: installed as a package, found by a real worker, used over HTTP."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest

from queueapp.cli.client import ApiError
from tests.system.upped import PROJECT, ROOT, Upped

pytestmark = pytest.mark.slow
EXAMPLE = ROOT / "docs/examples/wordcount"


def can_build() -> bool:
    """Tell whether this environment can build a package without fetching anything."""
    try:
        major, minor = (int(part) for part in version("setuptools").split(".")[:2])
    except PackageNotFoundError:
        return False
    return (major, minor) >= (70, 1) or importlib.util.find_spec("wheel") is not None


def install(source: Path, target: Path) -> None:
    """Install the example into a folder: with pip, or by hand where nothing can be built."""
    if not can_build():
        target.mkdir()
        shutil.copy(source / "wordcount.py", target)
        return
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(source)],
        check=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example installed in it."""
    folder = tmp_path_factory.mktemp("example")
    source = folder / "source"  # building writes beside the sources
    shutil.copytree(EXAMPLE, source)
    install(source, folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def up(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upped]:
    """A running `queueapp up` whose worker finds the example on its path."""
    settings = {"QUEUEAPP_ACTORS": "wordcount", "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}"}
    running = Upped(tmp_path_factory.mktemp("up") / "data", settings=settings).ready()
    yield running
    running.interrupt()


def submit(up: Upped, parameters: dict[str, Any]) -> dict[str, Any]:
    """Submit a WordCount job."""
    body = {"jobName": "words", "jobType": "wordcount", "parameters": parameters}
    return up.client.post(f"{PROJECT}/execution/job", body)


def test_type_is_in_the_catalogue(up: Upped) -> None:
    """The API knows the type, its parameters and that a worker offers it."""
    kinds = up.client.get(f"{PROJECT}/execution/job-types")["jobTypes"]
    found = next(kind for kind in kinds if kind["name"] == "WordCount")

    assert "Count the words of a text." == found["description"]
    assert (["text"], 1) == (found["parameters"]["required"], found["workers"])
    assert {"text", "top"} == found["parameters"]["properties"].keys()
    assert (["Counting", "Writing"], ["WordCounts"]) == (found["stages"], found["outputs"])


def test_job_of_the_type_runs(up: Upped, tmp_path: Path) -> None:
    """A job needs no resource, and its results, file and log are right."""
    job_id = submit(up, {"text": "To be, or not to be", "top": 2})["jobId"]
    ended = up.ended(job_id)
    assert ("Completed", None) == (ended["status"], ended["resource"]), ended
    path = f"{PROJECT}/execution/job/{job_id}"
    results = up.client.get(f"{path}/results")
    primary = results["results"]["primaryOutput"]
    up.client.download(primary["downloadUrl"], tmp_path / "counts.csv")
    logs = up.client.get(f"{path}/logs")["logs"]

    assert (6, 4) == (results["summary"]["words"], results["summary"]["different"])
    assert "word,count\nto,2\nbe,2\n" == (tmp_path / "counts.csv").read_text()
    assert [("Counting", "Counted the words", {"words": 6, "different": 4})] == [
        (line["stage"], line["message"], line["details"]) for line in logs
    ]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [({}, "text"), ({"text": 7}, "text"), ({"text": "a", "top": 0}, "top"), ({"txt": "a"}, "txt")],
)
def test_bad_parameters_are_refused_by_name(
    up: Upped, parameters: dict[str, Any], field: str
) -> None:
    """What the schema does not accept is 400 at submit, with the parameter's name."""
    with pytest.raises(ApiError) as refused:
        submit(up, parameters)

    assert 400 == refused.value.status
    assert f"/parameters/{field}" in str(refused.value)


def test_bad_input_fails_the_job_with_its_reason(up: Upped) -> None:
    """What only the job can see fails it, once, with the job's own words."""
    ended = up.ended(submit(up, {"text": "?!"})["jobId"])

    assert ("Failed", 1) == (ended["status"], len(ended["attempts"]))
    assert ("There is no word in the text.", "bad_input") == (
        ended["error"],
        ended["errorDetails"]["code"],
    )


def test_examples_own_tests_pass(installed: Path) -> None:
    """The example shows how a job type is tested, and its tests hold."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [*command, "--rootdir", str(EXAMPLE), str(EXAMPLE / "test_wordcount.py")],
        env={**os.environ, "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}"},
        cwd=installed,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert 0 == ran.returncode, ran.stdout + ran.stderr
