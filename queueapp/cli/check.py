"""`queueapp check [--repair]`: whether everything in the store is as it must be.

It works on the store itself and may run beside web and workers. Exit code 1 says that something
is wrong, or is still wrong after the repair; 2 that nobody could look.
"""

import argparse
import json
from collections.abc import Sequence
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from queueapp.config import Config, from_env
from queueapp.laws import Kind, Violation, standing
from queueapp.server import store_url
from queueapp.store import Store, connect
from queueapp.store.connect import store_errors
from queueapp.upkeep.mending import mend

from .up import environ_of

# Mending entries may show wrong numbers, and those are mended in the next round.
ROUNDS = 3


def add(nouns: Any) -> None:
    """Add the command to the command line."""
    text = "look for broken laws in the store, and mend them"
    command = nouns.add_parser("check", help=text, description=__doc__)
    command.add_argument("--repair", action="store_true", help="mend what can be mended")
    command.add_argument("-o", "--output", choices=("table", "json"), default="table")
    command.add_argument("--data-dir", help="where the data lives (QUEUEAPP_DATA_DIR)")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check, mend if that is wanted, print what was found and done."""
    config = from_env(environ_of(options))
    with (
        closing(connect(store_url(config), name="queueapp-check")) as client,
        store_errors(),  # what looks for broken laws speaks to the server itself
    ):
        store = Store(client, config.key_prefix)
        found = standing(store)
        done: list[str] = []
        left = found
        if options.repair and found:
            done, left = _mended(store, config, found)
        jobs = sum(client.zcard(store.keys("all", one.key)) for one in store.history.scopes())
    if options.output == "json":
        _print_json(found, done, left)
    else:
        print(f"Looked at {jobs:,} job{'' if jobs == 1 else 's'} in {place_of(config)}.")
        _print_table(found, done, left)
    return 1 if left else 0


def place_of(config: Config) -> str:
    """Name the store without its password: a check of another store than meant says nothing."""
    if not config.redis_url:
        return f"the embedded server of {config.data_dir}"
    url = urlsplit(config.redis_url)
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"


def _mended(
    store: Store, config: Config, found: list[Violation]
) -> tuple[list[str], list[Violation]]:
    done: list[str] = []
    left = found
    for _ in range(ROUNDS):
        # Numbers are judged anew once the entries that they count are right, or cannot be mended.
        entries = [one for one in left if one.kind is not Kind.COUNTER]
        done += mend(store, config, entries) or mend(store, config, left)
        left = standing(store)
        if not left:
            break
    return done, left


def _print_json(found: Sequence[Violation], done: list[str], left: Sequence[Violation]) -> None:
    answer = {
        "violations": [{"kind": one.kind, "text": one.text} for one in found],
        "repaired": done,
        "remaining": [{"kind": one.kind, "text": one.text} for one in left],
    }
    print(json.dumps(answer, indent=2))


def _print_table(found: Sequence[Violation], done: list[str], left: Sequence[Violation]) -> None:
    if not found:
        print("Everything is as it must be.")
        return
    for one in found:
        print(f"{one.kind:8}  {one.text}")
    for text in done:
        print(f"{'repaired':8}  {text}")
    if done:
        print(f"{len(left)} of {len(found)} remain." if left else "Everything is right again.")
