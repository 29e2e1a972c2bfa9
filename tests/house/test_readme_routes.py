"""The README's table of the API lists exactly the routes that there are."""

import re
from pathlib import Path

from queueapp.app import create_app
from queueapp.config import Config

README = Path(__file__).resolve().parents[2] / "README.md"
PREFIX = "/api/<string:tenantId>/<string:projectId>"
FLEET = ("/api/workers", "/api/nodes", "/api/audit")
UNLISTED = {"HEAD", "OPTIONS"}


def listed() -> set[tuple[str, str]]:
    """Return method and path of each route in the README's tables."""
    table = README.read_text(encoding="utf-8").split("## The API")[1].split("## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    found = set()
    for methods, path in re.findall(r"((?:`?[A-Z]+`?(?: and |, )?)+) ?(/[^` ]+)", "\n".join(cells)):
        found |= {(method, path) for method in re.findall(r"[A-Z]+", methods)}
    return found


def test_the_table_lists_every_route(redis_url: str, tmp_path: Path) -> None:
    """Each route of a project or of the fleet is in a table, and the tables have no other."""
    app = create_app(Config(redis_url=redis_url, data_dir=tmp_path))
    there = {
        (method, re.sub(r"<string:(\w+)>", r"{\1}", str(rule).removeprefix(PREFIX)))
        for rule in app.url_map.iter_rules()
        if str(rule).startswith((PREFIX, *FLEET))
        for method in (rule.methods or set()) - UNLISTED
    }

    assert there == listed()
