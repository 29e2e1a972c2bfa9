"""Where the nodes and edges of a process map go.

The engine is graphlay; where it is absent or refuses a graph, a plain layered layout answers.
Nothing else in the product knows which of the two drew a map.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """The size of a node."""

    width: float
    height: float


@dataclass(frozen=True)
class Link:
    """An edge between two nodes by index; heavier ones are kept straight."""

    source: int
    target: int
    weight: float
    label: Box


@dataclass(frozen=True)
class Drawing:
    """Coordinates, y downwards: node centres, edge polylines, label centres, the corners."""

    centres: list[Point]
    routes: list[list[Point]]
    labels: list[Point]
    corner: Point
    size: Point


def draw(boxes: Sequence[Box], links: Sequence[Link]) -> Drawing:
    """Lay a graph out from top to bottom; node 0 is the start. Equal graphs, equal drawings."""
    try:
        return _with_graphlay(boxes, links)
    except (ImportError, ValueError):  # graphlay reports every refusal as a ValueError
        return layered(boxes, links)


def _with_graphlay(boxes: Sequence[Box], links: Sequence[Link]) -> Drawing:
    import graphlay

    graph = graphlay.Graph()
    for box in boxes:
        graph.node(width=box.width, height=box.height)
    for link in links:
        size = {"width": link.label.width, "height": link.label.height}
        graph.edge(link.source, link.target, weight=link.weight, label_size=size)
    effort = "balanced" if len(links) <= 60 else "fast"
    options = {"effort": effort, "spacing": {"layer_gap": 46.0, "node_gap": 34.0}}
    raw = graphlay.layout(graph, preset="process_map", options=options).to_dict()
    routes = [[(p["x"], p["y"]) for p in edge["points"]] for edge in raw["edges"]]
    anchors = [edge["label_anchor"] for edge in raw["edges"]]
    low, high = raw["bounds"]["min"], raw["bounds"]["max"]
    return Drawing(
        centres=[(n["center"]["x"], n["center"]["y"]) for n in raw["nodes"]],
        routes=routes,
        labels=[
            _near((a["x"], a["y"]), r) if a else _middle(r)
            for a, r in zip(anchors, routes, strict=True)
        ],
        corner=(low["x"], low["y"]),
        size=(high["x"] - low["x"], high["y"] - low["y"]),
    )


def _near(anchor: Point, route: list[Point], reach: float = 30.0) -> Point:
    """Keep a label's place unless it stands so far off that nobody would know its edge."""
    gap = min(_distance(anchor, a, b) for a, b in pairwise(route))
    return anchor if gap <= reach else _middle(route)


def _distance(point: Point, a: Point, b: Point) -> float:
    """Measure how far a point is from the line between two others."""
    along, across = b[0] - a[0], b[1] - a[1]
    length = along * along + across * across
    part = ((point[0] - a[0]) * along + (point[1] - a[1]) * across) / length if length else 0.0
    part = min(1.0, max(0.0, part))
    return hypot(point[0] - a[0] - part * along, point[1] - a[1] - part * across)


def layered(boxes: Sequence[Box], links: Sequence[Link]) -> Drawing:
    """Put nodes in rows by their distance from the start and join them with straight lines."""
    rank = _ranks(len(boxes), links)
    rows: dict[int, list[int]] = {}
    for node, level in enumerate(rank):
        rows.setdefault(level, []).append(node)
    centres: list[Point] = [(0.0, 0.0)] * len(boxes)
    top, reach = 0.0, 0.0
    for level in sorted(rows):
        widths = [boxes[node].width + 40 for node in rows[level]]
        tallest = max(boxes[node].height for node in rows[level])
        left = -sum(widths) / 2
        reach = max(reach, -left)
        for node, width in zip(rows[level], widths, strict=True):
            centres[node] = (left + width / 2, top + tallest / 2)
            left += width
        top += tallest + 60
    routes = [_straight(boxes, centres, link) for link in links]
    return Drawing(
        centres, routes, [_middle(r) for r in routes], (-reach - 40, 0.0), (2 * reach + 80, top)
    )


def _ranks(n_nodes: int, links: Sequence[Link]) -> list[int]:
    """Give each node its number of steps from node 0; nodes out of reach come last."""
    after: dict[int, list[int]] = {}
    for link in links:
        after.setdefault(link.source, []).append(link.target)
    found, waiting = {0: 0}, deque([0])
    while waiting:
        node = waiting.popleft()
        for target in after.get(node, []):
            if target not in found:
                found[target] = found[node] + 1
                waiting.append(target)
    deepest = max(found.values()) + 1
    return [found.get(node, deepest) for node in range(n_nodes)]


def _straight(boxes: Sequence[Box], centres: Sequence[Point], link: Link) -> list[Point]:
    (x1, y1), (x2, y2) = centres[link.source], centres[link.target]
    half1, half2 = boxes[link.source].height / 2, boxes[link.target].height / 2
    if link.source == link.target:
        right = x1 + boxes[link.source].width / 2
        return [(right, y1 - 8), (right + 18, y1 - 8), (right + 18, y1 + 8), (right, y1 + 8)]
    if y1 == y2:
        return [(x1, y1 + half1), (x1, y1 + half1 + 18), (x2, y2 + half2 + 18), (x2, y2 + half2)]
    down = 1 if y2 > y1 else -1
    shift = 0 if down > 0 else 14
    return [(x1 + shift, y1 + down * half1), (x2 + shift, y2 - down * half2)]


def _middle(route: Sequence[Point]) -> Point:
    """Find the middle of the longest piece of a line."""
    a, b = max(pairwise(route), key=lambda piece: hypot(*_step(*piece)))
    return ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)


def _step(a: Point, b: Point) -> Point:
    return (b[0] - a[0], b[1] - a[1])
