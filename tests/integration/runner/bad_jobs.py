"""A zoo of job types, most of them badly behaved: what the runner has to live with."""

import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import polars as pl
from marshmallow import Schema, fields, validate

from queueapp import BadInput, JobContext, RetryableError, job_type


class CountParameters(Schema):
    """What the counting job takes."""

    n = fields.Integer(required=True, validate=validate.Range(min=0))


@job_type("Zoo.Count", parameters=CountParameters, stages=("Reading", "Counting"))
def count(job: JobContext) -> None:
    """Count up to n and write the number into a file."""
    job.progress(stage="Reading", total=job.parameters["n"])
    for number in range(job.parameters["n"]):
        job.progress(done=number + 1, stage="Counting")
    with job.artifact("../count.txt", type="Count", title="The count", primary=True) as file:
        file.write(str(job.parameters["n"]).encode())
    job.warning(type="Odd", message="an odd number", count=2)
    job.error(type="Even", message="an even number")
    job.quality(total=10, duplicates=2, invalid=1, score=70.0)
    job.summary(counted=job.parameters["n"])
    job.log("info", "counted", n=job.parameters["n"])


@job_type("Zoo.Logging")
def logs(job: JobContext) -> None:
    """Log with Python's own logging."""
    log = logging.getLogger("zoo.keeper")
    log.debug("unheard")
    log.info("fed %d lions", 3)
    log.warning("one is %s", "missing")
    try:
        raise ValueError("a door")
    except ValueError:
        log.exception("left open")
    log.info("%d is no number", "this")


@job_type("Zoo.Imports", imports=("wave", "there.is.no.such.module"))
def imports(job: JobContext) -> None:
    """Say whether a module is there before it was asked for."""
    job.summary(there="wave" in sys.modules)


@job_type("Zoo.Environment")
def environment(job: JobContext) -> None:
    """Tell what the job's surroundings look like."""
    fds = {}
    for fd in range(256):
        with suppress(OSError):
            fds[fd] = str(Path(f"/proc/self/fd/{fd}").readlink())
    job.summary(
        environ=dict(os.environ),
        proc_environ=Path("/proc/self/environ").read_text(),
        cwd=str(Path.cwd()),
        mode=oct(Path.cwd().stat().st_mode & 0o777),
        session=os.getsid(0) == os.getpid(),
        polars_threads=pl.thread_pool_size(),
        fds=fds,
        blocked=sorted(signal.pthread_sigmask(signal.SIG_BLOCK, set())),
        random=[random.random(), __import__("numpy").random.random()],
        parameters=job.parameters,
        now=job.now.isoformat(),
    )


@job_type("Zoo.Sleep", stages=("Sleeping",))
def sleep(job: JobContext) -> None:
    """Sleep for ever, politely: stop when asked, after writing a partial result."""
    with job.artifact("partial.txt", type="Part", title="So far") as file:
        file.write(b"some")
    job.progress(done=1, total=10, stage="Sleeping")
    while True:
        time.sleep(0.01)
        job.progress()


@job_type("Zoo.Deaf")
def deaf(job: JobContext) -> None:
    """Never call progress and swallow everything."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    job.progress(stage="Deaf")
    while True:
        try:
            time.sleep(0.05)
        except Exception:  # noqa: BLE001 - on purpose
            continue


@job_type("Zoo.Print")
def chatter(job: JobContext) -> None:
    """Print 10 MB."""
    for number in range(10_000):
        sys.stdout.write(f"{number:06d} {'x' * 1017}\n")
    sys.stderr.write("the last line\n")


@job_type("Zoo.Allocate")
def allocate(job: JobContext) -> None:
    """Take memory slowly, so that the sampler sees it."""
    taken = []
    while True:
        taken.append(bytearray(os.urandom(1024) * 4096))
        time.sleep(0.06)
        if job.parameters.get("polite"):
            job.progress(done=len(taken))


@job_type("Zoo.AllocateAtOnce")
def allocate_at_once(job: JobContext) -> None:
    """Ask for far more than the hard limit in one piece."""
    bytearray(8 * 1024**3)


@job_type("Zoo.AllocatePolars")
def allocate_polars(job: JobContext) -> None:
    """Let polars ask for more than the hard limit: it aborts the process."""
    pl.int_range(0, 2_000_000_000, eager=True)


@job_type("Zoo.Grandchildren")
def grandchildren(job: JobContext) -> None:
    """Start processes in sessions of their own, orphans too, and tell their ids."""
    nap = "import time; time.sleep(600)"
    kernel = subprocess.Popen([sys.executable, "-c", nap], start_new_session=True)
    script = (
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', "
        f"{nap!r}], start_new_session=True, stdout=-3, stderr=-3).pid)"
    )
    orphan = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    job.summary(pids=[kernel.pid, int(orphan.stdout)])
    job.progress(stage="Started")
    if job.parameters.get("leave"):
        return
    while True:
        time.sleep(0.05)
        job.progress()


@job_type("Zoo.Raise")
def raise_error(job: JobContext) -> None:
    """Fail with an ordinary bug."""
    job.progress(stage="Dividing")
    job.summary(ratio=1 / job.parameters.get("zero", 0))


class Speechless(Exception):
    """Cannot say what it is about."""

    def __str__(self) -> str:
        raise ValueError("no words")


@job_type("Zoo.Mumble")
def mumble(job: JobContext) -> None:
    """Fail with words that are none."""
    raise Speechless if job.parameters["speechless"] else FileNotFoundError("log\udcff.csv")


@job_type("Zoo.Retry")
def retry(job: JobContext) -> None:
    """Fail for a reason that may pass."""
    raise RetryableError("the other side is busy", after_s=5)


@job_type("Zoo.BadInput")
def bad_input(job: JobContext) -> None:
    """Refuse the input."""
    raise BadInput("the column case is missing", field="datasetId")


@job_type("Zoo.Exit")
def exit_hard(job: JobContext) -> None:
    """Leave without a word."""
    os._exit(3)


@job_type("Zoo.SysExit")
def exit_soft(job: JobContext) -> None:
    """Leave by SystemExit."""
    sys.exit(0)


@job_type("Zoo.Signal")
def signal_itself(job: JobContext) -> None:
    """End by a signal of choice."""
    job.progress(stage="Ending")
    os.kill(os.getpid(), job.parameters["signal"])
    time.sleep(0.3)
    job.progress()


@job_type("Zoo.Recursion")
def recursion(job: JobContext) -> None:
    """Never return."""

    def deeper(n: int) -> int:
        return deeper(n + 1) + 1

    deeper(0)


@job_type("Zoo.CloseDescriptors")
def close_descriptors(job: JobContext) -> None:
    """Cut every line to the outside."""
    os.closerange(0, 1024)
    job.progress(done=1)


@job_type("Zoo.Forge")
def forge(job: JobContext) -> None:
    """Write nonsense into the runner's own pipe."""
    os.write(4, b"nonsense\n[1]\n" + b'{"event": "output", "name": "../../etc/passwd"}\n')
    os.write(4, b'{"event": "progress", "records_done": []}\n')
    job.progress(done=7)


@job_type("Zoo.GroupBy")
def group_by(job: JobContext) -> None:
    """Use polars' thread pool after the fork."""
    table = pl.DataFrame({"a": list(range(1000)), "b": [i % 7 for i in range(1000)]})
    grouped = table.group_by("b").agg(pl.col("a").sum()).sort("b")
    job.summary(total=grouped["a"].sum())


@job_type("Zoo.Rows", datasets=("datasetId",))
def rows(job: JobContext) -> None:
    """Read a dataset row by row."""
    found = list(job.dataset("datasetId").rows())
    job.summary(rows=len(found), first=found[0])


@job_type("Zoo.Thread", isolation="thread", stages=("One", "Two"))
def in_thread(job: JobContext) -> None:
    """Run inside the worker's own process."""
    job.summary(pid=os.getpid())
    job.progress(stage="One")
    if job.parameters.get("fail"):
        raise ValueError("no")
    while job.parameters.get("wait"):
        time.sleep(0.01)
        job.progress()


@job_type("Zoo.Nothing")
def nothing(job: JobContext) -> None:
    """Do nothing."""


@job_type("Zoo.Traceparent")
def traceparent(job: JobContext) -> None:
    """Tell the name of this run's span."""
    job.summary(traceparent=job.traceparent)


def _span_apart(job: JobContext) -> None:
    with job.span("apart"):
        job.log("info", "in a thread")


@job_type("Zoo.Spans")
def spans(job: JobContext) -> None:
    """Make spans in stages, inside each other and in a thread; then end as it is asked to."""
    job.progress(stage="Load")
    with job.span("outer", rows=3) as outer:
        outer.tell(bytes=7)
        with job.span("inner"):
            job.summary(inner=job.traceparent)
    job.progress(stage="Work")
    apart = threading.Thread(target=_span_apart, args=(job,))
    apart.start()
    apart.join()
    known = [name for name in sys.modules if name.startswith("opentelemetry")]
    job.summary(known=known, whole=job.traceparent)
    with job.span("last"):
        if job.parameters.get("fail"):
            raise ValueError("no")
        if job.parameters.get("die"):
            os.kill(os.getpid(), signal.SIGKILL)


@job_type("Zoo.NothingThread", isolation="thread")
def nothing_in_thread(job: JobContext) -> None:
    """Do nothing, in the worker's own process."""


@job_type("Zoo.PrintAndDie")
def print_and_die(job: JobContext) -> None:
    """Print a line and be killed."""
    sys.stdout.write("famous last words\n")
    os.kill(os.getpid(), signal.SIGKILL)


@job_type("Zoo.Use")
def use(job: JobContext) -> None:
    """Burn CPU in a child process, write a file."""
    burn = f"import time\nwhile time.process_time() < {job.parameters['cpu_s']}: pass"
    subprocess.run([sys.executable, "-c", burn], check=True)
    with (job.directory / "scratch").open("wb") as file:
        for _ in range(job.parameters["megabytes"]):
            file.write(bytes(1024**2))
