"""Jobs that log, print and fail: what each attempt's logs must keep."""

import os
import signal
import time

from queueapp import JobContext, RetryableError, job_type


@job_type("Talk.Retry", max_attempts=3, retry_delay_s=0)
def retry(job: JobContext) -> None:
    """Say which attempt it is, and fail until the third."""
    job.log("debug", "details of the attempt", attempt=job.attempt)
    job.log("info", f"logged by attempt {job.attempt}")
    print(f"printed by attempt {job.attempt}")  # noqa: T201 - what jobs do
    if job.attempt < 3:
        with job.artifact("half.txt", type="Half", title="Half of it") as file:
            file.write(b"half")
        raise RetryableError("not yet")


@job_type("Talk.Killed")
def killed(job: JobContext) -> None:
    """Say something and be killed."""
    job.log("warning", "about to be killed")
    job.progress()
    print("last words", flush=True)  # noqa: T201 - what jobs do
    os.kill(os.getpid(), signal.SIGKILL)


@job_type("Talk.Wait")
def wait(job: JobContext) -> None:
    """Say something and wait for ever, politely."""
    job.log("info", "waiting")
    while True:
        job.progress(stage="Waiting")
        time.sleep(0.01)
