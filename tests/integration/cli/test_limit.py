"""`queueapp limit`, on an embedded server of its own."""

import pytest

from queueapp.cli import main
from queueapp.domain.fleet import Node
from queueapp.domain.scope import FLEET, Scope
from queueapp.store import Store
from queueapp.store.audit import AuditFilter
from tests.factories import SCOPE, add_worker, claim, submit


def test_limited_project_runs_no_more(store: Store) -> None:
    """The limit holds from the next claim on, until it is lifted."""
    add_worker(store)
    submit(store)
    submit(store)

    assert 0 == main(["limit", "scope", SCOPE.tenant, SCOPE.project, "--running", "1"])
    assert claim(store) is not None
    assert claim(store) is None
    assert 0 == main(["limit", "scope", SCOPE.tenant, SCOPE.project, "--running", "none"])
    assert claim(store) is not None


def test_weights_share_a_tier(store: Store) -> None:
    """A project of weight 3 gets three turns for each of a project of weight 1."""
    add_worker(store, node=Node("n", "n", cpu_units=1_000, memory_mb=10**7))
    heavy = Scope("t", "heavy")
    assert 0 == main(["limit", "scope", "t", "heavy", "--weight", "3"])
    for _ in range(40):
        submit(store)
        submit(store, scope=heavy)
    taken = [held.job.scope for held in (claim(store) for _ in range(40)) if held]

    assert 30 == taken.count(heavy)


@pytest.mark.parametrize(
    "words",
    [
        ["scope", "t", "p"],
        ["scope", "t", "a/b", "--running", "1"],
        ["type", "Nobody", "--running", "1"],
    ],
)
def test_what_makes_no_sense_is_refused(
    store: Store, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and one line that says why."""
    add_worker(store)

    assert 2 == main(["limit", *words])
    assert 1 == capsys.readouterr().err.count("\n")


def test_who_limits_what_is_on_record(store: Store) -> None:
    """A project's limits are in its own trail, a job type's in the fleet's; with who and why."""
    add_worker(store)
    kind = next(iter(store.fleet.catalogue()))
    why = ["--reason", "night shift"]

    assert 0 == main(["limit", "scope", "t", "p", "--running", "2", "--weight", "3", *why])
    assert 0 == main(["limit", "type", kind, "--running", "none"])

    own = store.audit.page(Scope("t", "p"), AuditFilter(), before=None, limit=9).entries
    fleet = store.audit.page(FLEET, AuditFilter(), before=None, limit=9).entries
    assert [
        ("weigh", "night shift", {"weight": "3.0"}),
        ("limit", "night shift", {"running": "2"}),
    ] == [(one.action, one.reason, one.facts) for one in own]
    assert [("limit_type", None, {"job_type": kind, "running": "none"})] == [
        (one.action, one.reason, one.facts) for one in fleet
    ]
    assert all("@" in one.by for one in (*own, *fleet))
