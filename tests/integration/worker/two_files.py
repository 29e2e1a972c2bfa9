"""A job type that leaves two files, for the tests of a store that takes only one."""

from queueapp import JobContext, job_type


@job_type("Test.TwoFiles")
def two_files(job: JobContext) -> None:
    """Write two files."""
    for name in ("first.txt", "second.txt"):
        with job.artifact(name, type="Text", title=name) as file:
            file.write(b"x")
