"""`queueapp key create|list|limit|revoke`: API keys, managed where the store is.

It works on the store itself, so it needs no key; whoever may reach the store may make one.
"""

import argparse
import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from typing import Any

from queueapp.config import from_env
from queueapp.domain.api_key import MOST_PER_MINUTE, ApiKey, Role
from queueapp.embedded import start_server
from queueapp.store import Store, connect
from queueapp.store.api_keys import ApiKeys

from .acting import act_of, add_reason
from .up import environ_of

ROWS = 1_000
COLUMNS = (
    *("id", "user", "role", "tenant", "project", "requestsPerMinute"),
    *("created", "lastUsed", "expires", "revoked"),
)
_SPAN = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60}


def add(nouns: Any) -> None:
    """Add the noun and its verbs to the command line."""
    noun = nouns.add_parser("key", help="make, list, limit and revoke API keys")
    verbs = noun.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_create(verbs)
    listing = _verb(verbs, "list", "list all keys, newest first", run_list)
    listing.add_argument("-o", "--output", choices=("table", "json"), default="table")
    limit = _verb(verbs, "limit", "say how many requests a key may make", run_limit)
    add_reason(limit)
    limit.add_argument("id", help="the key's id, as `key list` shows it")
    _add_rate(limit, required=True)
    revoke = _verb(verbs, "revoke", "end a key for ever", run_revoke)
    add_reason(revoke)
    revoke.add_argument("id", help="the key's id, as `key list` shows it")


def _add_create(verbs: Any) -> None:
    create = _verb(verbs, "create", "make a key and print it, once", run_create)
    add_reason(create)
    create.add_argument("--user", required=True, help="whose jobs are submitted with it")
    create.add_argument("--role", required=True, choices=[role.value for role in Role])
    create.add_argument("--tenant", help="the only tenant that it covers (default: all)")
    create.add_argument("--project", help="the only project of the tenant that it covers")
    create.add_argument(
        "--expires", type=_moment, help="when it ends: 90d, 12h, 30m from now, or a date (UTC)"
    )
    _add_rate(create, required=False)


def _add_rate(verb: argparse.ArgumentParser, *, required: bool) -> None:
    verb.add_argument(
        "--requests-per-minute",
        type=_rate,
        required=required,
        default="usual",
        metavar="N",
        help="a number, any for no limit, usual for QUEUEAPP_REQUESTS_PER_MINUTE",
    )


def _rate(text: str) -> int | None:
    """Return a rate: 0 stands for any, None for the usual one."""
    if text in ("any", "usual"):
        return 0 if text == "any" else None
    if text.isascii() and text.isdigit() and 0 < int(text) <= MOST_PER_MINUTE:
        return int(text)
    raise argparse.ArgumentTypeError(f"a number from 1 to {MOST_PER_MINUTE}, any or usual")


def _moment(text: str) -> int:
    """Return a moment in ms since the epoch that a span from now, or a date, names."""
    now_ms = int(time.time() * 1000)
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now_ms + int(span[1]) * _MINUTES[span[2]] * 60_000
    try:
        date = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError("a span such as 90d, or a date like 2027-01-31") from None
    if date.timestamp() * 1000 <= now_ms:
        raise argparse.ArgumentTypeError("a date to come")
    return int(date.timestamp() * 1000)


def _verb(verbs: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    verb.add_argument("--data-dir", help="where the data lives (QUEUEAPP_DATA_DIR)")
    verb.set_defaults(run=run)
    return verb


def run_create(options: argparse.Namespace) -> int:
    """Make a key; the only line printed is the key itself, ready for a script."""
    with _store(options) as store:
        _, token = store.api_keys.create(
            options.user,
            Role(options.role),
            options.tenant,
            options.project,
            expires_ms=options.expires,
            per_minute=options.requests_per_minute,
            act=act_of(options),
        )
    print(token)
    return 0


def run_list(options: argparse.Namespace) -> int:
    """Print what is known of each key; the secrets are not."""
    with _store(options) as store:
        rows = [_row(key) for key in _all(store.api_keys)]
    if options.output == "json":
        print(json.dumps(rows, indent=2))
    else:
        _print_table(rows)
    return 0


def run_limit(options: argparse.Namespace) -> int:
    """Give a key a rate of its own, or the usual one."""
    rate = options.requests_per_minute
    with _store(options) as store:
        store.api_keys.limit(options.id, rate, act=act_of(options))
    print(f"{options.id} is limited.")
    return 0


def run_revoke(options: argparse.Namespace) -> int:
    """Revoke one key."""
    with _store(options) as store:
        store.api_keys.revoke(options.id, act=act_of(options))
    print(f"{options.id} is revoked.")
    return 0


@contextmanager
def _store(options: argparse.Namespace) -> Iterator[Store]:
    config = from_env(environ_of(options))
    with ExitStack() as cleanup:
        url = config.redis_url
        if url is None:
            share = start_server(config.data_dir, durability=config.durability)
            url = cleanup.enter_context(share).url
        client = cleanup.enter_context(closing(connect(url, name="queueapp-cli")))
        yield Store(client, config.key_prefix)


def _all(keys: ApiKeys) -> Iterator[ApiKey]:
    page = 1
    while True:
        found, total = keys.page(page, ROWS)
        yield from found
        if page * ROWS >= total:
            return
        page += 1


def _row(key: ApiKey) -> dict[str, str | None]:
    return {
        "id": key.id,
        "user": key.user,
        "role": key.role.value,
        "tenant": key.tenant,
        "project": key.project,
        "requestsPerMinute": _rate_text(key.per_minute),
        "created": _time(key.created_ms),
        "lastUsed": _time(key.last_used_ms),
        "expires": _time(key.expires_ms),
        "revoked": _time(key.revoked_ms),
    }


def _rate_text(per_minute: int | None) -> str:
    if per_minute is None:
        return "usual"
    return str(per_minute) if per_minute else "any"


def _time(ms: int | None) -> str | None:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds") if ms else None


def _print_table(rows: list[dict[str, str | None]]) -> None:
    lines = [list(COLUMNS), *([row[name] or "-" for name in COLUMNS] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(COLUMNS))]
    for line in lines:
        print(
            "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        )
