"""ForecastRefresh: forecasts a project's queue; queueapp submits it by itself.

The worker brings a file with what the store knows, and keeps what is written here. Numbers are
loaded where processes of jobs begin, before the first forecast; statistics only where one learns.
"""

import json
import time

import marshmallow
import orjson
from marshmallow import fields

from queueapp import JobContext, job_type

RESULT = "forecast.json"


class ForecastParameters(marshmallow.Schema):
    """Whose queue to forecast."""

    scope = fields.String(required=True)


@job_type(
    "ForecastRefresh",
    internal=True,
    parameters=ForecastParameters,
    stages=("Reading", "Forecasting"),
    memory_gb=1.0,
    imports=("actors.forecasts.known", "actors.forecasts.run_times", "forecasting.published"),
)
def forecast_refresh(job: JobContext) -> None:
    """Forecast a queue from its jobs: sizes, waits, load and advice for a day."""
    begun = time.process_time()
    from actors.forecasts.known import columns_of, known_of
    from actors.forecasts.run_times import learn_run_times
    from forecasting.published import published

    loaded = time.process_time()
    job.progress(stage="Reading")
    told = orjson.loads(job.dataset("jobs").path.read_bytes())
    columns = columns_of(told)
    known = known_of(told, columns)
    job.progress(stage="Forecasting")
    found = published(known)
    levels = (told["learnt"] or {}).get("run_levels")
    run_times = learn_run_times(columns, now=known.now, since=known.since, levels=levels)
    if run_times:
        found["learnt"]["run_levels"] = run_times.levels
    found["run_times"] = run_times.rows if run_times else {}
    done = time.process_time()
    found["learnt_at"] = told["learnt_at"]
    found["trained_at"] = told["now_ms"] / 1000
    found["cost"] = {"loading_seconds": loaded - begun, "making_seconds": done - loaded}
    with job.artifact(RESULT, type="Forecast", title="A queue's forecast") as file:
        file.write(json.dumps(found, allow_nan=False).encode())
    job.progress(done=found["data"]["jobs"], total=found["data"]["jobs"])
