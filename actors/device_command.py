"""DeviceCommand: sends commands or configuration to a network device over SSH.

Offered by workers that have netmiko installed. The Job Management API submits these jobs.
"""

from importlib.util import find_spec
from typing import Any

from actors.device.outputs import Outputs
from actors.device.parameters import DeviceCommandParameters
from queueapp import JobContext, job_type

OFFERED = find_spec("netmiko") is not None


def device_command(job: JobContext) -> None:
    """Send commands or configuration to a network device."""
    from actors.device.rendering import lines_of

    work = job.parameters
    testing = work["mode"] == "test"
    lines = [] if testing else lines_of(work["lines"], work.get("rendering"))
    known = {name: work.get(name) for name in ("host", "device_type", "port", "username")}
    session = _session(job, known)
    try:
        if testing:
            job.summary(prompt=session.prompt)
        else:
            _work_off(job, session, lines)
    except BaseException:
        session.close()
        raise
    session.keep()


def _session(job: JobContext, known: dict[str, Any]) -> Any:
    """Return a session: that of the host where one is kept, else one of the job's own."""
    from actors.device.borrowed import NothingKept, borrow_session
    from actors.device.eapi import open_eapi
    from actors.device.session import open_session
    from actors.device.shell import open_shell

    if job.parameters.get("driver") == "paramiko":
        return open_shell(known, job.secrets)
    if job.parameters.get("driver") == "pyeapi":
        return open_eapi(known, job.secrets)
    if job.keeping is not None:
        try:
            return borrow_session(job.keeping, known, job.secrets)
        except NothingKept:
            job.log("DEBUG", "No session is kept here; this job opens its own.")
    return open_session(known, job.secrets)


def _work_off(job: JobContext, session: Any, lines: list[str]) -> None:
    # From here on the job must not be run again, should anybody stop it.
    job.progress(done=0, total=len(lines), stage="Sending")
    job.flush()
    outputs = Outputs()
    try:
        _send(job, session, lines, outputs)
    finally:
        outputs.tell(job)


def _send(job: JobContext, session: Any, lines: list[str], outputs: Outputs) -> None:
    work = job.parameters
    options, parsing = work["driver_args"], work.get("parsing")
    if work["mode"] == "config":
        outputs.add("\n".join(lines), session.configure(lines, options))
        job.progress(done=len(lines))
        return
    if parsing is not None:
        options = {**options, **_wishes(work.get("driver", "netmiko"), parsing)}
    for done, line in enumerate(lines, start=1):
        outputs.add(line, _parsed(session.command(line, options), parsing))
        job.progress(done=done)


def _wishes(driver: str, parsing: dict[str, Any]) -> dict[str, Any]:
    """Return what a driver must be told so that there is a text to parse, or records already."""
    if driver == "pyeapi":
        return {"text": True}
    return {"use_textfsm": True} if parsing.get("template") is None else {}


def _parsed(got: Any, parsing: dict[str, Any] | None) -> Any:
    from actors.device.parsing import records_of

    if parsing is None or parsing.get("template") is None:
        return got
    return records_of(got["stdout"] if isinstance(got, dict) else got, parsing["template"])


if OFFERED:
    device_command_type = job_type(
        "DeviceCommand",
        parameters=DeviceCommandParameters,
        imports=("netmiko", "jinja2.sandbox"),
        internal=True,
        keeper="actors.device.kept",
        memory_gb=0.5,
    )(device_command)
