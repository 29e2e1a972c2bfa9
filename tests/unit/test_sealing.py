"""What is sealed is opened by who has the key, for what it was sealed for, and by nobody else."""

import pytest

from queueapp.config import Config
from queueapp.domain.scope import Scope
from queueapp.engine.devices import open_credentials, use_of
from queueapp.sealing import CannotOpen, Sealer
from tests.factories import spec

VALUES = {"password": "correct-horse-battery", "conn_timeout": 3.5}


def test_a_seal_is_opened_with_its_key() -> None:
    """And tells nothing of what is in it; twice the same looks different."""
    sealer = Sealer(["new"])
    first, second = (sealer.seal(VALUES, for_what="a") for _ in range(2))

    assert first != second
    assert "horse" not in first
    assert VALUES == Sealer(["new"]).open(first, for_what="a")


def test_former_keys_still_open() -> None:
    """A change of keys loses no job; new seals are the new key's."""
    old = Sealer(["old"]).seal(VALUES, for_what="a")
    both = Sealer(["new", "old"])

    assert VALUES == both.open(old, for_what="a")
    with pytest.raises(CannotOpen, match="QUEUEAPP_SECRET_KEY"):
        Sealer(["old"]).open(both.seal(VALUES, for_what="a"), for_what="a")


@pytest.mark.parametrize("text", ["", "1", "1.zz.zz", "2.00000000.AAAA", "nothing at all"])
def test_what_is_no_seal_is_refused(text: str) -> None:
    """With words, not with a failure of the library."""
    with pytest.raises(CannotOpen):
        Sealer(["new"]).open(text, for_what="a")


def test_a_seal_that_was_altered_or_moved_stays_shut() -> None:
    """It is bound to its use: another host's password is not to be had with it."""
    sealer = Sealer(["new"])
    text = sealer.seal(VALUES, for_what=use_of(Scope("t", "p"), "192.0.2.1", None))
    head, dot, tail = text.rpartition(".")
    altered = head + dot + ("B" if tail[30] != "B" else "C").join((tail[:30], tail[31:]))

    for one, host in ((altered, "192.0.2.1"), (text, "192.0.2.2"), (text[:-8], "192.0.2.1")):
        with pytest.raises(CannotOpen):
            sealer.open(one, for_what=use_of(Scope("t", "p"), host, None))


def test_a_job_opens_for_its_own_device_only() -> None:
    """A retry with another host among its parameters has no password."""
    config = Config(secret_key="new")
    use = use_of(spec().scope, "h", 22)
    job = spec(
        parameters={"host": "h", "port": 22}, sealed=Sealer(["new"]).seal(VALUES, for_what=use)
    )

    assert VALUES == open_credentials(config, job)
    assert {} == open_credentials(config, spec())
    assert job.sealed not in repr(job)
    elsewhere = spec(parameters={"host": "evil", "port": 22}, sealed=job.sealed)
    with pytest.raises(CannotOpen):
        open_credentials(config, elsewhere)
