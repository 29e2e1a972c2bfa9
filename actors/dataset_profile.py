"""DatasetProfile: reads a large upload and reports what is in it; queueapp submits it by itself."""

from queueapp import BadInput, JobContext, job_type
from queueapp.eventlog import LogError
from queueapp.eventlog.describing import PROFILE_TYPE, describe_log


@job_type(
    PROFILE_TYPE,
    internal=True,
    resource_types=("Dataset",),
    datasets=("datasetId",),
    stages=("Reading",),
    memory_gb=1.0,
)
def dataset_profile(job: JobContext) -> None:
    """Describe an uploaded event log: rows, cases, activities and the first problems."""
    dataset = job.dataset("datasetId")
    job.progress(stage="Reading")
    try:
        found = describe_log(
            dataset.path,
            form=dataset.format,
            columns=dataset.columns,
            options=dataset.options,
            now=job.now,
            on_rows=job.progress,
        )
    except LogError as error:
        raise BadInput(error.message, field=error.field) from error
    rows, invalid = found["rows"], found["invalid_rows"]
    job.progress(done=rows, total=rows)
    job.quality(total=rows, invalid=invalid)
    job.summary(profile=found, sha256=dataset.sha256)
