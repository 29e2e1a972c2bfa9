"""The function library as text: its parts are blocks, and its lines are known by their files."""

import re
from importlib import resources

from queueapp.store.library import library

MOST_NAMES = 200


def test_the_library_leaves_room_for_names() -> None:
    """Lua lets a chunk have 200 names at a time: parts keep to themselves what nobody else uses."""
    seen = re.findall(r"^local (\w+(?:, \w+)*) do ", library().source, re.MULTILINE)
    names = {name for part in seen for name in part.split(", ")}

    assert "claim_once" in names
    assert "head_of" not in names
    assert len(names) < MOST_NAMES - 30


def test_a_line_is_known_by_its_file() -> None:
    """An error in the library names the file and the line that somebody wrote."""
    text = (resources.files("queueapp.store") / "lua" / "_claiming.lua").read_text("utf-8")
    written = text.split("\n").index("local function head_of(set)") + 1
    rendered = library().source.split("\n").index("local function head_of(set)") + 1

    assert f"_claiming.lua:{written}" == library().place(rendered)
