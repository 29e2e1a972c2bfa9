"""The process map shows the flow it promises, and draws it the same way every time."""

import random
from xml.etree import ElementTree as ET

import pytest

from actors.mining import layout, process_map
from actors.mining.layout import Box, Link
from tests.unit.mining.logs import log, mined

SVG = "{http://www.w3.org/2000/svg}"


def tangled(n_activities: int, n_cases: int = 40, length: int = 30) -> dict[str, object]:
    """Mine a log in which anything follows anything."""
    dice = random.Random(3)
    cases = (
        " ".join(f"s{dice.randrange(n_activities)}@{n}" for n in range(length))
        for _ in range(n_cases)
    )
    return mined(log(*cases)).document


@pytest.mark.parametrize("level", process_map.LEVELS)
def test_the_promised_share_of_the_flow_is_shown(level: int) -> None:
    """The edges of a level carry its share of all transitions, starts and ends."""
    edges = process_map.all_edges(tangled(8))
    selection = process_map.select(edges, level)

    total = sum(edge.count for edge in edges)
    assert sum(edge.count for edge in selection.edges) >= total * level / 100


def test_no_activity_is_an_island_at_the_usual_level() -> None:
    """Every activity keeps its best edge in and its best edge out."""
    edges = process_map.all_edges(mined(log(*["A@0 B@1"] * 50, "A@0 C@1 B@2")).document)
    selection = process_map.select(edges, 80)
    pairs = {(edge.source, edge.target) for edge in selection.edges}

    assert {("A", "C"), ("C", "B")} <= pairs
    assert 0 == selection.left_out


def test_never_more_edges_than_the_cap() -> None:
    """A tangled log is cut to its most frequent edges, and the rest is admitted."""
    edges = process_map.all_edges(tangled(60))
    selection = process_map.select(edges, 100)

    assert process_map.MOST_EDGES == len(selection.edges)
    assert min(e.count for e in selection.edges) >= max(
        e.count for e in set(edges) - set(selection.edges)
    )


def test_file_is_well_formed_and_self_contained() -> None:
    """The map is XML with a title, a description, tooltips and nothing from elsewhere."""
    document = mined(log(*["Say<hi>&bye@0 B@60"] * 3)).document
    picture = process_map.standalone(document)
    root = ET.fromstring(picture)

    assert "img" == root.get("role")
    assert root.find(f"{SVG}title") is not None
    assert root.find(f"{SVG}desc") is not None
    tooltips = [t.text or "" for t in root.iter(f"{SVG}title")]
    assert any("Say<hi>&bye → B: 3 times, median time between 1 min" in t for t in tooltips)
    assert [] == [e.tag for e in root.iter() if e.tag in {f"{SVG}script", f"{SVG}image"}]
    assert "href" not in picture


def test_equal_graphs_are_drawn_equally() -> None:
    """Drawing twice gives the same bytes."""
    document = tangled(12)

    assert process_map.standalone(document) == process_map.standalone(document)


def test_maps_are_drawn_without_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the layout engine is absent, the plain layout draws the same nodes and edges."""
    document = mined(log(*["A@0 B@1 A@2 A@3 C@4"] * 3)).document
    drawn = ET.fromstring(process_map.standalone(document))

    def absent(*_arguments: object) -> layout.Drawing:
        raise ImportError

    monkeypatch.setattr(layout, "_with_graphlay", absent)
    plain = ET.fromstring(process_map.standalone(document))

    for tag in ("rect", "path", "polygon", "text"):
        assert len(list(drawn.iter(SVG + tag))) == len(list(plain.iter(SVG + tag)))


def test_plain_layout_overlaps_nothing() -> None:
    """Boxes of the plain layout stand apart, whatever leads where."""
    boxes = [Box(100, 40)] * 6
    links = [Link(0, 1, 1, Box(9, 9)), Link(0, 2, 1, Box(9, 9)), Link(1, 3, 1, Box(9, 9))]
    links += [Link(3, 0, 1, Box(9, 9)), Link(2, 2, 1, Box(9, 9)), Link(1, 2, 1, Box(9, 9))]
    drawing = layout.layered(boxes, links)

    for i, (x1, y1) in enumerate(drawing.centres):
        for x2, y2 in drawing.centres[:i]:
            assert abs(x1 - x2) >= 100 or abs(y1 - y2) >= 40
    assert len(links) == len(drawing.routes) == len(drawing.labels)


def test_labels_stay_with_their_edges() -> None:
    """A label that the engine puts far away is brought back to its line."""
    assert (5.0, 0.0) == layout._near((300.0, 300.0), [(0.0, 0.0), (10.0, 0.0)])
    assert (5.0, 9.0) == layout._near((5.0, 9.0), [(0.0, 0.0), (10.0, 0.0)])
