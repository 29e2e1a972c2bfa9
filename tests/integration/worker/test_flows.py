"""A real worker runs a workflow to its end, and fires what schedules are due to make."""

from queueapp.domain.audit import Act
from queueapp.domain.job import JobRequest
from queueapp.domain.schedule import Plan
from queueapp.domain.states import Status
from queueapp.domain.workflow import StepRequest, WorkflowRequest
from queueapp.engine.workflows import Workflows
from queueapp.store import Store
from tests.factories import SCOPE
from tests.integration.worker.conftest import RunningWorker
from tests.waiting import eventually

QUICK = JobRequest("A job", "Zoo.Count", parameters={"n": 3})


def test_a_workflow_runs_to_its_end(worker: RunningWorker) -> None:
    """Each step starts after those that it needs."""
    flows = Workflows(worker.engine)
    needs = {"load": (), "left": ("load",), "right": ("load",), "join": ("left", "right")}
    steps = tuple(StepRequest(name, QUICK, needed) for name, needed in needs.items())
    workflow_id = flows.submit(SCOPE, WorkflowRequest("A flow", steps), by="ann").workflow.id
    eventually(lambda: flows.get(SCOPE, workflow_id).status is Status.COMPLETED)
    jobs = worker.engine.store.workflows.jobs(flows.get(SCOPE, workflow_id))

    for name, needed in needs.items():
        ends = [jobs[one].ended_ms or 0 for one in needed]
        assert (jobs[name].started_ms or 0) >= max(ends, default=0)


def test_a_schedule_fires(worker: RunningWorker, store: Store) -> None:
    """The worker that does the chores submits the job, and one that is free runs it."""
    plan = Plan(cron="@yearly", time_zone="UTC", request=QUICK, template={})
    due_ms = store.now_ms() + 300
    store.schedules.put(SCOPE, "s", plan, fingerprint="", next_ms=due_ms, act=Act("ann"))
    eventually(lambda: store.schedules.get(SCOPE, "s").runs)
    (run,) = store.schedules.get(SCOPE, "s").runs
    job = worker.until(str(run.job_id), lambda one: one.ended)

    assert (due_ms, "submitted") == (run.scheduled_ms, run.outcome)
    assert (Status.COMPLETED, "s") == (job.status, job.spec.schedule_id)
    store.schedules.delete(SCOPE, "s", act=Act("ann"))
