"""What predictions are asked with and what they answer."""

from typing import Any

from marshmallow import fields

from queueapp.api.schemas import QuerySchema, ResponseSchema
from queueapp.api.schemas.enums import AccuracyBasis, Basis, Extent, PredictedThing
from queueapp.api.schemas.fields import Choice, Count, Flag, Note, Real, Stamp, Text, Whole


def _about(text: str) -> dict[str, Any]:
    return {"description": text}


CONFIDENCE = _about(
    "How likely the truth is within 2 jobs, 2 minutes or 10 percentage points of the shown value, "
    "or within 25 % of it: 0 to 1."
)


class PredictionsQuery(QuerySchema):
    """How far ahead to look, and at what."""

    horizon = Whole(low=1, high=24, load_default=4, metadata=_about("Hours ahead."))
    job_type = Text(longest=64, load_default=None, metadata=_about("Only jobs of this type."))
    include_recommendations = Flag(
        load_default=True, metadata=_about("False leaves the lists of recommendations empty.")
    )


class SizePoint(ResponseSchema):
    """How many jobs are expected to be queued at a moment."""

    time = Stamp()
    expected_queue_size = Count()
    lower = Count(metadata=_about("The 80 % range begins here."))
    upper = Count(metadata=_about("The 80 % range ends here."))
    confidence = Real(metadata=CONFIDENCE)


class WaitPoint(ResponseSchema):
    """How long jobs are expected to wait that are submitted in the hour that ends then."""

    time = Stamp()
    average_wait_time = Note()
    average_wait_time_seconds = Real()
    lower = Note(metadata=_about("The 80 % range begins here."))
    lower_seconds = Real()
    upper = Note(metadata=_about("The 80 % range ends here."))
    upper_seconds = Real()
    confidence = Real(metadata=CONFIDENCE)


class LoadRange(ResponseSchema):
    """The 80 % range of a share of 100."""

    lower = Count()
    upper = Count()


class LoadPoint(ResponseSchema):
    """How busy the machines are expected to be; null where nothing was measured to tell from."""

    time = Stamp()
    cpu_utilization = Count(allow_none=True, metadata=_about("Percent."))
    cpu_range = fields.Nested(LoadRange, allow_none=True)
    memory_utilization = Count(allow_none=True, metadata=_about("Percent."))
    memory_range = fields.Nested(LoadRange, allow_none=True)
    efficiency = Real(
        allow_none=True, metadata=_about("As in the history; that of the days looked at.")
    )
    confidence = Real(metadata=CONFIDENCE)


class Projections(ResponseSchema):
    """One point for each whole hour, the next one first."""

    queue_size_projection = fields.List(fields.Nested(SizePoint))
    wait_time_projection = fields.List(fields.Nested(WaitPoint))
    resource_utilization = fields.List(fields.Nested(LoadPoint))


class SubmissionWindow(ResponseSchema):
    """A time in which a job submitted would wait clearly less than one submitted now."""

    time_window = Note()
    expected_wait_time = Note(metadata=_about("Six of ten times within this."))
    expected_wait_seconds = Real()
    present_wait_seconds = Real()
    reason = Note()


class WorkerAdvice(ResponseSchema):
    """What workers more or fewer would change: a simulation with them beside one without."""

    recommendation = Note()
    expected_improvement = Note()
    cost = Choice(Extent, metadata=_about("By the share of workers to be added."))
    priority = Choice(Extent, metadata=_about("By how long jobs are expected to wait."))
    jobs_at_once = Count(metadata=_about("How many of the project's jobs could run then."))
    wait_change = Real(metadata=_about("Of the mean wait, in percent; negative is shorter."))
    wait_change_lower = Real(metadata=_about("The 80 % range over the simulated futures."))
    wait_change_upper = Real()
    expected_wait_seconds = Real()


class TypeAdvice(ResponseSchema):
    """What it would change to submit the jobs of a type at another hour."""

    job_type = Note()
    recommendation = Note()
    reason = Note()
    hours_later = fields.Integer(metadata=_about("Negative is earlier."))
    expected_wait_seconds = Real()
    present_wait_seconds = Real()


class Recommendations(ResponseSchema):
    """What would shorten waits; empty where nothing would, or too little is known."""

    optimal_submission_times = fields.List(fields.Nested(SubmissionWindow))
    resource_optimization = fields.List(fields.Nested(WorkerAdvice))
    job_scheduling = fields.List(fields.Nested(TypeAdvice))


class TrainedOn(ResponseSchema):
    """The jobs that a forecast was learnt from."""

    start_date = Stamp(data_key="from")
    end_date = Stamp(data_key="to")
    jobs = Count()


class LeadError(ResponseSchema):
    """The mean error of past forecasts so many hours ahead."""

    hours_ahead = Note()
    error = Real(allow_none=True, metadata=_about("Jobs, workers or seconds."))


class Backtest(ResponseSchema):
    """How good forecasts of the past would have been, one thing forecast."""

    target = Note(metadata=_about("size, busy or wait"))
    points = Count()
    accuracy = Real(allow_none=True)
    coverage80 = Real(allow_none=True, metadata=_about("How often 80 % ranges held."))
    mean_errors = fields.List(fields.Nested(LeadError))


class ShownPoints(ResponseSchema):
    """How good the points were that people saw; null below a hundred."""

    target = Note(metadata=_about("size or wait"))
    points = Count()
    accuracy = Real(allow_none=True)
    coverage80 = Real(allow_none=True, metadata=_about("How often 80 % ranges held."))


class ModelInfo(ResponseSchema):
    """What predictions rest on, and how good the like were so far."""

    model_version = Note()
    last_trained = Stamp(allow_none=True)
    accuracy = Real(
        allow_none=True,
        metadata=_about(
            "Share of points of sizes that came as close as confidence means: of those shown in "
            "the last 14 days where they are a hundred, else of a replay of the past."
        ),
    )
    accuracy_basis = Choice(AccuracyBasis)
    data_points = Count(metadata=_about("Hours of history that were used."))
    basis = Choice(Basis)
    coverage80 = Real(
        allow_none=True,
        metadata=_about("How often 80 % ranges of sizes held, of the same points."),
    )
    skill_vs_seasonal_naive = Real(
        allow_none=True,
        metadata=_about("How much smaller the error is than that of the day before repeated."),
    )
    trained_on = fields.Nested(TrainedOn, allow_none=True)
    is_stale = fields.Boolean(
        data_key="stale",
        metadata=_about("true where a newer forecast failed or is overdue and this one stands."),
    )
    shown = fields.List(
        fields.Nested(ShownPoints), metadata=_about("Of the last 14 days; waits an hour later.")
    )
    backtest = fields.List(fields.Nested(Backtest))


class QueuePredictions(ResponseSchema):
    """What a queue is expected to be like."""

    prediction_time = Stamp()
    horizon = Count()
    predictions = fields.Nested(Projections)
    recommendations = fields.Nested(Recommendations)
    model_info = fields.Nested(ModelInfo)


class AccuracyMark(ResponseSchema):
    """How predictions that were shown compare with what came; null below five samples."""

    samples = Count()
    coverage = Real(allow_none=True, metadata=_about("Share of shown ranges that held."))
    median_error = Real(
        allow_none=True, metadata=_about("In jobs for sizes, in seconds for all else.")
    )


class LeadAccuracy(AccuracyMark):
    """The same of those that looked so far ahead."""

    lead = Note()


class TargetAccuracy(AccuracyMark):
    """The same of one thing that is predicted, and by how far ahead it was."""

    target = Choice(PredictedThing)
    by_lead = fields.List(fields.Nested(LeadAccuracy))


class AccuracyPeriod(ResponseSchema):
    """Predictions that were compared in the last days."""

    days = Count()
    targets = fields.List(fields.Nested(TargetAccuracy))


class PredictionAccuracy(ResponseSchema):
    """How good the predictions were that people saw."""

    timestamp = Stamp()
    periods = fields.List(fields.Nested(AccuracyPeriod))
