"""Which jobs are told of a keeper."""

from dataclasses import replace
from pathlib import Path

from actors.device_command import device_command_type
from queueapp.runner.keeper import Keepers
from tests.factories import spec


def keepers(folder: Path, **changes: float) -> Keepers:
    """The keepers of a worker."""
    modules = {str(device_command_type.keeper)}
    return Keepers(modules, folder, node="n", capacity=2, idle_s=changes.get("idle_s", 60))


def test_only_pinned_jobs_of_its_type_need_a_keeper(tmp_path: Path) -> None:
    """For all others none is started, nor where sessions are not to be kept."""
    job = spec(type=device_command_type.name, host="h")
    some, none = keepers(tmp_path), keepers(tmp_path, idle_s=0)

    assert [None] * 3 == [
        some.keeping(replace(job, host=None)),
        some.keeping(replace(job, type="Sleep")),
        none.keeping(job),
    ]
    assert (None, None) == (some.held(), some.kept_ms(job))
    assert [] == [*tmp_path.iterdir()]


def test_a_keeper_that_cannot_be_had_costs_no_job_anything(tmp_path: Path) -> None:
    """It is told of none, and nobody tries again at once."""
    (tmp_path / "file").touch()
    some = keepers(tmp_path / "file")

    job = spec(type=device_command_type.name, host="h")
    assert [None, None] == [some.keeping(job), some.keeping(job)]
