"""Everything that one small installation needs, started and stopped as one.

The embedded server (unless REDIS_URL names another), one web process and some workers, on one
data directory that only one such stack uses at a time. `up` and `demo` run it.
"""

import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from queueapp import embedded
from queueapp.config import Config, from_env
from queueapp.embedded.locks import EXCLUSIVE, try_lock
from queueapp.guardian import Guardian
from queueapp.supervisor import Program, Supervisor

from .client import ApiError, Client
from .errors import CommandError

READY_WITHIN_S = 120.0
READY_POLL_S = 0.1
SERVER_CHECK_S = 0.5
# The guardian of a killed stack takes up to 30 seconds to end its programs.
QUIET_WITHIN_S = 60.0
# Below the 30 seconds that we and every platform wait before killing.
WORKER_SHUTDOWN_MS = 25_000


@dataclass(frozen=True)
class StackOptions:
    """Where and how large."""

    host: str
    port: int
    workers: int
    threads: int


@dataclass
class Stack:
    """A stack that is being run."""

    config: Config
    address: str
    admin_key: str
    supervisor: Supervisor

    def run(self, when_ready: Callable[[], None]) -> int:
        """Run until a stop is asked; call ``when_ready`` from a thread once all can be used."""
        announcer = threading.Thread(target=self._announce, args=(when_ready,), daemon=True)
        announcer.start()
        return self.supervisor.run()

    def _announce(self, when_ready: Callable[[], None]) -> None:
        client = Client(self.address, self.admin_key, timeout_s=5.0)
        deadline_s = time.monotonic() + READY_WITHIN_S
        last = "no answer"
        while time.monotonic() < deadline_s:
            try:
                client.get("/readyz")
            except ApiError as error:
                last = str(error)
            else:
                when_ready()
                return
            time.sleep(READY_POLL_S)
        self.supervisor.fail(f"not ready within {READY_WITHIN_S:.0f} seconds: {last}")


@contextlib.contextmanager
def open_stack(
    options: StackOptions,
    *,
    environ: Mapping[str, str] = os.environ,
    output: IO[str] | None = None,
) -> Iterator[Stack]:
    """Make a stack ready to run; on leaving everything it started has ended.

    Raises: CommandError, BadSetting, EmbeddedServerError.
    """
    config = _settings(environ)
    with contextlib.ExitStack() as cleanup:
        run_lock = _only_one(config.data_dir, cleanup, output or sys.stdout)
        listener = cleanup.enter_context(_listen(options))
        server = _embedded(config, environ)
        held = [run_lock]
        if server is not None:
            cleanup.callback(server.leave)
            held.append(server.users_lock_fd)
            config = replace(config, redis_url=server.url)
        guardian = Guardian(config.data_dir, held)
        cleanup.callback(guardian.dismiss)
        supervisor = Supervisor(
            _programs(options, config, environ, listener.fileno()),
            on_start=guardian.watch,
            on_end=guardian.forget,
            output=output,
        )
        supervisor.each_round = _server_watch(server, supervisor)
        host, port = listener.getsockname()[:2]
        yield Stack(config, _address(host, port), str(config.admin_key), supervisor)


def _settings(environ: Mapping[str, str]) -> Config:
    config = from_env(environ)
    data_dir = embedded.data_directory(config.data_dir.absolute())
    return replace(
        config,
        data_dir=data_dir,
        admin_key=config.admin_key or embedded.admin_key(data_dir),
        secret_key=config.secret_key or embedded.secret_key(data_dir),
    )


def _only_one(data_dir: Path, cleanup: contextlib.ExitStack, output: IO[str]) -> int:
    """Take the data directory for this stack; wait for the end of one that was killed.

    Two locks: ours alone, and one that the guardian shares until the last program has ended.
    """
    ours = try_lock(data_dir / "up.lock", EXCLUSIVE)
    if ours is None:
        raise CommandError(f"queueapp is already running on {data_dir}.")
    cleanup.callback(os.close, ours)
    deadline_s = time.monotonic() + QUIET_WITHIN_S
    told = False
    while (run_lock := try_lock(data_dir / "run.lock", EXCLUSIVE)) is None:
        if time.monotonic() > deadline_s:
            raise CommandError(f"Programs of an earlier run on {data_dir} do not end.")
        if not told:
            print("Waiting for the end of an earlier run …", file=output, flush=True)
            told = True
        time.sleep(READY_POLL_S)
    cleanup.callback(os.close, run_lock)
    return run_lock


def _listen(options: StackOptions) -> socket.socket:
    """Open the port ourselves: a taken one is told at once, and a restart keeps the callers."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((options.host, options.port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise CommandError(
            f"Port {options.port} on {options.host} cannot be used: {error.strerror}. "
            "Choose another with --port, or a free one with --port 0."
        ) from error
    return listener


def _embedded(config: Config, environ: Mapping[str, str]) -> embedded.EmbeddedServer | None:
    if config.redis_url:
        return None
    return embedded.start_server(config.data_dir, durability=config.durability, environ=environ)


def _programs(
    options: StackOptions, config: Config, environ: Mapping[str, str], listener: int
) -> list[Program]:
    shared = {
        **environ,
        "REDIS_URL": str(config.redis_url),
        "QUEUEAPP_DATA_DIR": str(config.data_dir),
        "QUEUEAPP_ADMIN_KEY": str(config.admin_key),
        "QUEUEAPP_SECRET_KEY": str(config.secret_key),
        "PYTHONUNBUFFERED": "1",
    }
    web = [sys.executable, "-m", "gunicorn", "-c", "python:queueapp.web.server"]
    web += [
        "--bind",
        f"fd://{listener}",
        "--log-level",
        "warning",
        "queueapp.web.server:make_app()",
    ]
    worker = [sys.executable, "-m", "dramatiq", "queueapp.worker:setup", "--processes", "1"]
    worker += ["--threads", str(options.threads)]
    worker += ["--worker-shutdown-timeout", str(WORKER_SHUTDOWN_MS)]
    workers = [Program(f"worker.{n}", worker, shared) for n in range(1, options.workers + 1)]
    return [Program("web", web, shared, pass_fds=(listener,)), *workers]


def _server_watch(
    server: embedded.EmbeddedServer | None, supervisor: Supervisor
) -> Callable[[], None]:
    """Return a check that starts a killed server again, at most twice a second."""
    due_s = 0.0

    def check() -> None:
        nonlocal due_s
        if server is None or time.monotonic() < due_s:
            return
        due_s = time.monotonic() + SERVER_CHECK_S
        try:
            if server.revive():
                supervisor.say("the store's server had ended; started again")
        except embedded.EmbeddedServerError as error:
            supervisor.fail(str(error))

    return check


def _address(host: str, port: int) -> str:
    """Return where a person on this machine reaches the listener."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- compared
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
