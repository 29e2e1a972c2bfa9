"""`queueapp limit scope|type`: how many jobs may run at once, and how large a scope's share is.

It works on the store itself, like the other operators' commands; limits hold at once and survive
restarts.
"""

import argparse
from contextlib import ExitStack, closing
from typing import Any

from queueapp.config import from_env
from queueapp.domain.scope import Scope, valid_id
from queueapp.embedded import start_server
from queueapp.store import Store, connect

from .acting import act_of, add_reason
from .errors import CommandError
from .up import environ_of


def add(nouns: Any) -> None:
    """Add the noun and its verbs to the command line."""
    noun = nouns.add_parser("limit", help="bound how many jobs run at once, weigh shares")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB", required=True)
    scope = _verb(verbs, "scope", "limit or weigh one project of a tenant", run_scope)
    scope.add_argument("tenant")
    scope.add_argument("project")
    scope.add_argument("--running", type=_most, help="jobs that may run at once, or none")
    scope.add_argument("--weight", type=_weight, help="share against other projects (usual: 1)")
    kind = _verb(verbs, "type", "limit one job type over the whole fleet", run_type)
    kind.add_argument("name")
    kind.add_argument("--running", type=_most, required=True, help="a number, or none")


def _verb(verbs: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    verb.add_argument("--data-dir", help="where the data lives (QUEUEAPP_DATA_DIR)")
    add_reason(verb)
    verb.set_defaults(run=run)
    return verb


def _most(text: str) -> int:
    """Return a limit; 0 stands for none."""
    number = 0 if text == "none" else int(text) if text.isdigit() else -1
    if number < 0 or text == "0":
        raise argparse.ArgumentTypeError("a number from 1, or none")
    return number


def _weight(text: str) -> float:
    number = float(text)
    if not 0.001 <= number <= 1_000:
        raise argparse.ArgumentTypeError("a number from 0.001 to 1000")
    return number


def run_scope(options: argparse.Namespace) -> int:
    """Set a project's limit, its weight, or both."""
    if not (valid_id(options.tenant) and valid_id(options.project)):
        raise CommandError("Tenant and project are printable, without a slash, up to 128 long.")
    if options.running is None and options.weight is None:
        raise CommandError("Say --running, --weight or both.")
    scope = Scope(options.tenant, options.project)
    with ExitStack() as cleanup:
        store = _store(options, cleanup)
        if options.running is not None:
            store.pauses.limit_scope(scope, options.running or None, act=act_of(options))
        if options.weight is not None:
            store.pauses.weigh_scope(scope, options.weight, act=act_of(options))
    print(f"{options.tenant}/{options.project} is limited.")
    return 0


def run_type(options: argparse.Namespace) -> int:
    """Set a job type's limit."""
    with ExitStack() as cleanup:
        store = _store(options, cleanup)
        known = store.fleet.catalogue()
        if known and options.name not in known:
            raise CommandError(f"No worker offers {options.name}; known: {', '.join(known)}.")
        store.pauses.limit_type(options.name, options.running or None, act=act_of(options))
    print(f"{options.name} is limited.")
    return 0


def _store(options: argparse.Namespace, cleanup: ExitStack) -> Store:
    config = from_env(environ_of(options))
    url = config.redis_url
    if url is None:
        url = cleanup.enter_context(start_server(config.data_dir)).url
    return Store(cleanup.enter_context(closing(connect(url))), config.key_prefix)
