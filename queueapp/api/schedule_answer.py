"""Builds what the schedule endpoints show, by hand, key by key."""

from queueapp.api.shown import Row, stamp
from queueapp.domain.job import JobRequest
from queueapp.domain.schedule import Run, Schedule
from queueapp.domain.states import Status
from queueapp.engine.schedules import ScheduleView


def _facts(schedule: Schedule) -> Row:
    plan = schedule.plan
    return {
        "scheduleId": schedule.id,
        "description": plan.description,
        "cron": plan.cron,
        "timeZone": plan.time_zone,
        "state": schedule.state,
        "owner": schedule.owner,
        "version": schedule.version,
        "dateCreated": stamp(schedule.created_ms),
        "lastUpdated": stamp(schedule.updated_ms),
    }


def schedule_row(schedule: Schedule) -> Row:
    """Return a schedule as a row of a list."""
    return {
        **_facts(schedule),
        "name": schedule.plan.request.name,
        "nextFireTime": stamp(schedule.next_ms),
    }


def schedule_view(view: ScheduleView) -> Row:
    """Return a schedule with its next fire times and its newest runs."""
    schedule, plan = view.schedule, view.schedule.plan
    single = isinstance(plan.request, JobRequest)
    return {
        **_facts(schedule),
        "job": plan.template if single else None,
        "workflow": None if single else plan.template,
        "overlapPolicy": plan.overlap,
        "catchUpPolicy": plan.catch_up,
        "catchUpLimit": plan.catch_up_limit,
        "catchUpWindowMinutes": plan.catch_up_minutes,
        "startAt": stamp(plan.start_ms),
        "endAt": stamp(plan.end_ms),
        "pausedBy": schedule.paused_by,
        "pausedReason": schedule.paused_reason,
        "nextFireTimes": [stamp(one) for one in view.next_ms],
        "waitingSince": stamp(schedule.waiting_ms),
        "runs": [run_row(run, view.statuses) for run in schedule.runs],
    }


def run_row(run: Run, statuses: dict[str, Status]) -> Row:
    """Return a fire and what became of it."""
    return {
        "scheduledFor": stamp(run.scheduled_ms),
        "until": stamp(run.until_ms),
        "count": run.count,
        "firedAt": stamp(run.at_ms),
        "outcome": run.outcome,
        "manual": run.manual,
        "reason": run.reason,
        "jobId": run.job_id,
        "workflowId": run.workflow_id,
        "status": statuses.get(run.job_id or run.workflow_id or ""),
    }
