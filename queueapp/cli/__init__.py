"""The command line: `queueapp NOUN [VERB]`.

Each noun is a module with `add(subparsers)`, which names the function to run; this file only
finds the noun and turns errors into one line and an exit code.
"""

import argparse
import sys
from collections.abc import Sequence

import queueapp
from queueapp.cli import check, demo, key, limit, up
from queueapp.config import BadSetting
from queueapp.domain.errors import QueueappError, Unavailable
from queueapp.embedded import EmbeddedServerError

from .client import ApiError
from .errors import CommandError

NOUNS = (up, demo, key, limit, check)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except Unavailable as error:
        print(f"queueapp: {error.reason}", file=sys.stderr)
        return 2
    except (ApiError, BadSetting, CommandError, EmbeddedServerError, QueueappError) as error:
        print(f"queueapp: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    whole = argparse.ArgumentParser(
        prog="queueapp",
        description="A job and workflow engine whose queue people can see and steer.",
    )
    whole.add_argument("--version", action="version", version=f"queueapp {queueapp.__version__}")
    nouns = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for noun in NOUNS:
        noun.add(nouns)
    return whole
