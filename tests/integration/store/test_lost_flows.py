"""Every answer around workflows and schedules is lost once and twice: nothing happens twice."""

from collections.abc import Callable

from queueapp.domain.audit import Act
from queueapp.domain.job import JobRequest
from queueapp.domain.schedule import Plan
from queueapp.domain.states import Status
from queueapp.domain.workflow import StepRequest, WorkflowRequest
from queueapp.engine.firing import Firing
from queueapp.engine.schedules import Schedules
from queueapp.engine.workflows import Workflows
from queueapp.store.answers import Idempotency
from tests.factories import SCOPE, add_worker, claim, engine, finish
from tests.integration.store.lossy import Journey, Lossy, again, losses

ACT = Act("ann")
JOB = JobRequest("A job", "Sleep")
FLOW = WorkflowRequest("A flow", (StepRequest("a", JOB), StepRequest("b", JOB, ("a",))))
DUE_MS = 1_767_268_800_000
DAILY = Plan(cron="0 12 * * *", time_zone="UTC", request=FLOW, template={})


def workflow_submitted(lossy: Lossy) -> None:
    """A workflow with a key exists once, with all of its jobs."""
    add_worker(lossy.real)
    flows, key = Workflows(engine(lossy.store)), Idempotency("key", "print")
    again(lambda: flows.submit(SCOPE, FLOW, by="ann", idempotency=key))

    assert 2 == len(lossy.ids())
    assert 1 == lossy.real.workflows.page(SCOPE, None, 1, 9)[1]


def workflow_run_and_retried(lossy: Lossy) -> None:
    """What failed of it is done again once."""
    add_worker(lossy.real)
    real = Workflows(engine(lossy.real))
    workflow_id = real.submit(SCOPE, FLOW, by="ann").workflow.id
    for outcome in ("completed", "failed"):
        held = claim(lossy.real)
        assert held is not None
        finish(lossy.real, held, outcome)
    flows, key = Workflows(engine(lossy.store)), Idempotency("key", "print")
    new = again(lambda: flows.retry(SCOPE, workflow_id, by="ann", idempotency=key))

    assert 3 == len(lossy.ids())
    assert new.workflow.id == real.get(SCOPE, workflow_id).retried_as
    assert ["retry_workflow"] == lossy.trail()


def workflow_cancelled(lossy: Lossy) -> None:
    """All of it ends in one step: no step starts on the way, and it is written down once."""
    add_worker(lossy.real)
    workflow_id = Workflows(engine(lossy.real)).submit(SCOPE, FLOW, by="ann").workflow.id
    held = claim(lossy.real)
    assert held is not None
    flows = Workflows(engine(lossy.store))
    again(lambda: flows.cancel(SCOPE, workflow_id, by="ann", wait_s=0))
    finish(lossy.real, held, "cancelled")

    assert Status.CANCELLED == lossy.real.workflows.get(SCOPE, workflow_id).status
    first = ["submitted", "started", "cancel_requested", "workflow_ended", "cancelled"]
    told = sorted((lossy.facts(one) for one in lossy.ids()), key=len)
    assert [["submitted", "cancelled"], first] == told
    assert "cancel_workflow" in lossy.trail()


def schedule_put(lossy: Lossy) -> None:
    """A schedule that is new says so, however often its answer is lost in one call."""
    add_worker(lossy.real)
    schedules = Schedules(engine(lossy.store))
    again(lambda: schedules.put(SCOPE, "s", DAILY, act=ACT))
    keys = [Idempotency(f"key {number}", "print") for number in range(2)]
    again(lambda: schedules.pause(SCOPE, "s", act=ACT, idempotency=keys[0]))
    again(lambda: schedules.resume(SCOPE, "s", act=ACT, idempotency=keys[1]))
    late = again(lambda: schedules.pause(SCOPE, "s", act=ACT, idempotency=keys[0]))

    assert (3, False) == (late.schedule.version, late.schedule.paused)


def schedule_fired(lossy: Lossy) -> None:
    """A moment makes one workflow, whoever looks how often."""
    add_worker(lossy.real)
    lossy.real.schedules.put(SCOPE, "s", DAILY, fingerprint="", next_ms=DUE_MS, act=ACT)
    firing = Firing(engine(lossy.store))
    for _ in range(3):
        again(lambda: firing.fire_due(now_ms=DUE_MS + 10))

    assert 2 == len(lossy.ids())
    schedule = lossy.real.schedules.get(SCOPE, "s")
    assert ["submitted"] == [run.outcome for run in schedule.runs]
    assert DUE_MS + 86_400_000 == schedule.next_ms


def schedule_missed(lossy: Lossy) -> None:
    """Moments that are given up are noted once."""
    add_worker(lossy.real)
    lossy.real.schedules.put(SCOPE, "s", DAILY, fingerprint="", next_ms=DUE_MS, act=ACT)
    firing = Firing(engine(lossy.store))
    for _ in range(2):
        again(lambda: firing.fire_due(now_ms=DUE_MS + 3_600_000))

    assert ["missed"] == [run.outcome for run in lossy.real.schedules.get(SCOPE, "s").runs]


def schedule_run_now(lossy: Lossy) -> None:
    """Under one key it runs once, is written down once, and a late repeat is told the same."""
    add_worker(lossy.real)
    lossy.real.schedules.put(SCOPE, "s", DAILY, fingerprint="", next_ms=DUE_MS, act=ACT)
    schedules, key = Schedules(engine(lossy.store)), Idempotency("key", "print")
    done = [
        again(lambda: schedules.run_now(SCOPE, "s", act=ACT, idempotency=key)) for _ in range(2)
    ]

    assert 2 == len(lossy.ids())
    assert (done[0].run, True) == (done[1].run, done[1].repeated)
    assert ["run_schedule", "create_schedule"] == lossy.trail()


@losses(
    workflow_submitted,
    workflow_run_and_retried,
    workflow_cancelled,
    schedule_put,
    schedule_fired,
    schedule_missed,
    schedule_run_now,
)
def test_each_answer_may_be_lost(
    lose_each: Callable[[Journey, int], None], journey: Journey, times: int
) -> None:
    """Whichever answers of a journey are lost, its end is the same and the laws hold."""
    lose_each(journey, times)
