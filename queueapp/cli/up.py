"""`queueapp up`: server, web and workers in one foreground command."""

import argparse
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from queueapp.supervisor import Supervisor

from .stack import Stack, StackOptions, open_stack


def add(nouns: Any) -> None:
    """Add the command to the command line."""
    command = nouns.add_parser("up", help="run everything in one foreground command")
    add_stack_options(command, port=8000)
    command.set_defaults(run=run)


def add_stack_options(command: argparse.ArgumentParser, *, port: int) -> None:
    """Add the options that `up` and `demo` share."""
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    command.add_argument(
        "--port", type=_port, default=port, help="0 takes a free one (default: %(default)s)"
    )
    command.add_argument("--data-dir", help="where the data lives (QUEUEAPP_DATA_DIR)")
    command.add_argument(
        "--workers", type=_count, default=1, help="worker processes (default: %(default)s)"
    )
    command.add_argument(
        "--threads", type=_count, default=2, help="jobs at once per worker (default: %(default)s)"
    )


def run(options: argparse.Namespace) -> int:
    """Run until Ctrl-C; a second one does not wait for jobs in hand."""
    with (
        open_stack(stack_options(options), environ=environ_of(options)) as stack,
        stop_on_signals(stack.supervisor),
    ):
        return stack.run(lambda: _say_ready(stack))


def stack_options(options: argparse.Namespace) -> StackOptions:
    """Return the stack's options."""
    return StackOptions(options.host, options.port, options.workers, options.threads)


def environ_of(options: argparse.Namespace) -> dict[str, str]:
    """Return the environment with the data directory that the command line chose."""
    chosen = {"QUEUEAPP_DATA_DIR": options.data_dir} if options.data_dir else {}
    return {**os.environ, **chosen}


@contextmanager
def stop_on_signals(supervisor: Supervisor) -> Iterator[None]:
    """Turn Ctrl-C, SIGTERM and the terminal's end into requests to stop."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {
        number: signal.signal(number, lambda *_: supervisor.request_stop()) for number in numbers
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ready_lines(stack: Stack) -> list[str]:
    """Return what a person needs to begin."""
    return [
        f"queueapp is ready at  {stack.address}",
        f"Admin key             {stack.admin_key}",
        f"API page              {stack.address}/docs",
        f"OpenAPI document      {stack.address}/openapi.json",
        f"Data directory        {stack.config.data_dir}",
    ]


def _say_ready(stack: Stack) -> None:
    for line in [*ready_lines(stack), "Ctrl-C stops everything."]:
        stack.supervisor.say(line)


def _port(text: str) -> int:
    return _whole(text, range(65_536), "a port is a number from 0 to 65535")


def _count(text: str) -> int:
    return _whole(text, range(1, 1_000), "it is a number from 1 to 999")


def _whole(text: str, allowed: range, rule: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number not in allowed:
        raise argparse.ArgumentTypeError(f"{rule}, not {text!r}")
    return number
