"""The process map: which edges are shown, and the picture of them as SVG.

Used by the ProcessMap file (one level of detail, with its own style) and by the report
(several levels, styled by the page). Drawn from the sections of the document.
"""

from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from actors.mining import wording
from actors.mining.layout import Box, Drawing, Link, Point, draw
from actors.mining.markup import label, text

MOST_EDGES = 150
LEVELS = (50, 80, 90, 95, 100)
DEFAULT_LEVEL = 80
_START, _END = "\0start", "\0end"
_LINE, _CHARACTERS, _MARGIN = 15, 26, 16


@dataclass(frozen=True)
class Edge:
    """An edge of the map; the artificial start and end have no time."""

    source: str
    target: str
    count: int
    median: float | None


@dataclass(frozen=True)
class Selection:
    """What one level of detail shows: names in a fixed order, edges most frequent first."""

    level: int
    nodes: list[str]
    edges: list[Edge]
    left_out: int


def all_edges(document: dict[str, Any]) -> list[Edge]:
    """List the edges of the graph with those from the start and to the end, frequent first."""
    flow = document["flow"]
    edges = [Edge(e["from"], e["to"], e["count"], e["medianSeconds"]) for e in flow["edges"]]
    edges += [Edge(_START, s["activity"], s["cases"], None) for s in flow["starts"]]
    edges += [Edge(s["activity"], _END, s["cases"], None) for s in flow["ends"]]
    return sorted(edges, key=lambda e: (-e.count, e.source, e.target))


def select(edges: list[Edge], level: int) -> Selection:
    """Keep the edges that carry `level` per cent of the flow, then the best of every activity.

    From 80 per cent on every activity also keeps its best edge in and out. Never more than
    MOST_EDGES edges: the least frequent of the additions go first.
    """
    total, carried = sum(e.count for e in edges), 0
    main: list[Edge] = []
    for edge in edges:
        if carried >= total * level / 100:
            break
        main.append(edge)
        carried += edge.count
    wanted = {(e.source, e.target) for e in main}
    shown = {e.source for e in main} | {e.target for e in main}
    wanted |= _best(edges, None if level >= DEFAULT_LEVEL else shown)
    kept = [e for e in edges if (e.source, e.target) in wanted][:MOST_EDGES]
    names = {e.source for e in kept} | {e.target for e in kept}
    inner = sorted(names - {_START, _END})
    everything = {e.source for e in edges} | {e.target for e in edges}
    return Selection(level, [_START, *inner, _END], kept, len(everything - names))


def _best(edges: list[Edge], among: set[str] | None) -> set[tuple[str, str]]:
    """Find each node's most frequent edge in and out, loops aside."""
    best_in: dict[str, Edge] = {}
    best_out: dict[str, Edge] = {}
    for edge in edges:
        known = among is None or (edge.source in among and edge.target in among)
        if edge.source != edge.target and known:
            best_in.setdefault(edge.target, edge)
            best_out.setdefault(edge.source, edge)
    return {(e.source, e.target) for e in (*best_in.values(), *best_out.values())}


@dataclass(frozen=True)
class Picture:
    """A drawn map, and how far from its left edge the start stands, in pixels."""

    svg: str
    start: float


def standalone(document: dict[str, Any]) -> str:
    """Draw the map as a file of its own, at the usual level of detail."""
    return draw_map(document, select(all_edges(document), DEFAULT_LEVEL), standalone=True).svg


def draw_map(document: dict[str, Any], selection: Selection, *, standalone: bool) -> Picture:
    """Draw a selection as SVG; a standalone file carries its own style."""
    counts = {row["activity"]: row["events"] for row in document["activities"]}
    labels = {name: _lines(name) for name in selection.nodes}
    boxes = [_box(name, labels[name]) for name in selection.nodes]
    index = {name: i for i, name in enumerate(selection.nodes)}
    links = [
        Link(index[e.source], index[e.target], float(e.count), _label_box(e, standalone=standalone))
        for e in selection.edges
    ]
    drawing = draw(boxes, links)
    most = max((e.count for e in selection.edges), default=1)
    slow = _slow_bounds([e.median for e in selection.edges if e.median is not None])
    parts = [
        *(
            _edge(edge, drawing.routes[i], drawing.labels[i], most, slow)
            for i, edge in reversed(list(enumerate(selection.edges)))
        ),
        *(
            _node(name, labels[name], boxes[i], drawing.centres[i], counts)
            for i, name in enumerate(selection.nodes)
        ),
    ]
    svg = _frame(document, selection, drawing, "".join(parts), standalone=standalone)
    return Picture(svg, drawing.centres[0][0] - drawing.corner[0] + _MARGIN)


def _lines(name: str) -> list[str]:
    lines = wrap(name, _CHARACTERS, max_lines=3, placeholder="…") or [name[:_CHARACTERS]]
    return [line if len(line) <= _CHARACTERS else line[: _CHARACTERS - 1] + "…" for line in lines]


def _box(name: str, lines: list[str]) -> Box:
    if name in (_START, _END):
        return Box(64, 28)
    return Box(max(110.0, 7.3 * max(len(line) for line in lines) + 26), 38.0 + _LINE * len(lines))


def _label_box(edge: Edge, *, standalone: bool) -> Box:
    texts = (wording.count(edge.count), wording.duration(edge.median))
    return Box(6.6 * max(len(text) for text in texts) + 8, 36 if standalone else 16)


def _slow_bounds(medians: list[float]) -> list[float]:
    """Find the medians that part the slow fifth and the slowest twentieth from the rest."""
    ordered = sorted(medians)
    return [ordered[int((len(ordered) - 1) * q)] for q in (0.8, 0.95)] if ordered else []


def _edge(edge: Edge, route: list[Point], at: Point, most: int, slow: list[float]) -> str:
    thick = 1.2 + 5.3 * (edge.count / most) ** 0.5
    pace = 0 if edge.median is None else sum(edge.median > b for b in slow) + 1
    ends = f"{_title(edge.source)} → {_title(edge.target)}"
    told = f"{ends}: {wording.count(edge.count)} times"
    if edge.median is not None:
        told += f", median time between {wording.duration(edge.median)}"
    times = "" if edge.median is None else wording.duration(edge.median)
    x, y = f"{at[0]:.0f}", f"{at[1] + 4:.0f}"
    return (
        f'<g class="e p{pace}"><title>{text(told)}</title>'
        f'<path d="{_path(route)}" stroke-width="{thick:.1f}"/>{_arrow(route, thick)}'
        f'<text class="q" x="{x}" y="{y}">{wording.count(edge.count)}</text>'
        f'<text class="t" x="{x}" y="{y}">{text(times)}</text></g>'
    )


def _path(route: list[Point], radius: float = 9.0) -> str:
    """Write a polyline with rounded corners, ending short of the arrow's tip."""
    points = [*route[:-1], _towards(route[-1], route[-2], 5.0)]
    pieces = [f"M{points[0][0]:.0f} {points[0][1]:.0f}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        a, b = _towards(corner, before, radius), _towards(corner, after, radius)
        pieces.append(
            f"L{a[0]:.0f} {a[1]:.0f}Q{corner[0]:.0f} {corner[1]:.0f} {b[0]:.0f} {b[1]:.0f}"
        )
    pieces.append(f"L{points[-1][0]:.0f} {points[-1][1]:.0f}")
    return "".join(pieces)


def _towards(point: Point, other: Point, by: float) -> Point:
    dx, dy = other[0] - point[0], other[1] - point[1]
    length = (dx * dx + dy * dy) ** 0.5
    reach = min(by, length / 2) / length if length else 0.0
    return (point[0] + dx * reach, point[1] + dy * reach)


def _arrow(route: list[Point], thick: float) -> str:
    tip, back = route[-1], route[-2]
    dx, dy = tip[0] - back[0], tip[1] - back[1]
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    ux, uy, long, wide = dx / length, dy / length, 7 + thick / 2, 3.2 + thick / 2
    x, y = tip[0] - ux * long, tip[1] - uy * long
    return (
        f'<polygon points="{tip[0]:.1f},{tip[1]:.1f} {x - uy * wide:.1f},{y + ux * wide:.1f} '
        f'{x + uy * wide:.1f},{y - ux * wide:.1f}"/>'
    )


def _node(name: str, lines: list[str], box: Box, at: Point, counts: dict[str, int]) -> str:
    left, top = at[0] - box.width / 2, at[1] - box.height / 2
    place = f'x="{left:.0f}" y="{top:.0f}" width="{box.width:.0f}" height="{box.height:.0f}"'
    if name in (_START, _END):
        return (
            f'<g class="n end"><rect {place} rx="14"/>'
            f'<text x="{at[0]:.0f}" y="{at[1] + 4:.0f}">{_title(name)}</text></g>'
        )
    times = counts.get(name, 0)  # 0 where the activity is too rare to be listed
    shade = min(4, int(5 * (times / max(counts.values())) ** 0.5))
    told = wording.count(times) if times else ""
    tooltip = label(name) + (f": {wording.plural(times, 'event')}" if times else "")
    rows = [
        f'<text x="{at[0]:.0f}" y="{top + 20 + _LINE * i:.0f}">{text(line)}</text>'
        for i, line in enumerate(lines)
    ]
    under = top + 22 + _LINE * len(lines)
    return (
        f'<g class="n s{shade}"><title>{tooltip}</title>'
        f'<rect {place} rx="8"/>{"".join(rows)}'
        f'<text class="c" x="{at[0]:.0f}" y="{under:.0f}">{told}</text></g>'
    )


def _title(name: str) -> str:
    return {_START: "Start", _END: "End"}.get(name, wording.clip(name))


def _frame(
    document: dict[str, Any],
    selection: Selection,
    drawing: Drawing,
    body: str,
    *,
    standalone: bool,
) -> str:
    width, height = drawing.size[0] + 2 * _MARGIN, drawing.size[1] + 2 * _MARGIN
    left, top = drawing.corner[0] - _MARGIN, drawing.corner[1] - _MARGIN
    box = f"{left:.0f} {top:.0f} {width:.0f} {height:.0f}"
    name = f"map-{selection.level}"
    n_activities = len(selection.nodes) - 2
    desc = (
        f"{wording.plural(n_activities, 'activity', 'activities')} and "
        f"{wording.plural(len(selection.edges), 'connection')} from start to end; "
        "boxes show how often an activity occurs, arrows how often one follows another"
        + (" and the median time between them." if standalone else ".")
    )
    style = f"<style>{STANDALONE_STYLE}</style>" if standalone else ""
    size = f'width="{width:.0f}" height="{height:.0f}"'
    title = f"Process map of {document['dataset']['name']}" if standalone else "Process map"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="map" viewBox="{box}" {size} role="img" '
        f'aria-labelledby="{name}-t {name}-d"><title id="{name}-t">{text(title)}</title>'
        f'<desc id="{name}-d">{text(desc)}</desc>{style}{body}</svg>'
    )


MAP_STYLE = """
.map{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.map text{text-anchor:middle;fill:var(--ink)}
.map .n rect{stroke:var(--box-line);stroke-width:1.2;fill:var(--s0)}
.map .n.s1 rect{fill:var(--s1)}.map .n.s2 rect{fill:var(--s2)}
.map .n.s3 rect{fill:var(--s3)}.map .n.s4 rect{fill:var(--s4)}
.map .n.end rect{fill:var(--ink-2);stroke:none}.map .n.end text{fill:var(--paper);font-weight:600}
.map .n .c{fill:var(--ink-2);font-size:12px;font-variant-numeric:tabular-nums}
.map .e path{fill:none;stroke:var(--edge)}.map .e polygon{fill:var(--edge)}
.map .e text{font-size:11.5px;fill:var(--ink-2);stroke:var(--paper);stroke-width:10px;
paint-order:stroke;stroke-linejoin:round;font-variant-numeric:tabular-nums}
.map .e:hover path{stroke:var(--accent)}.map .e:hover polygon{fill:var(--accent)}
"""

LIGHT = (
    "--paper:#fff;--ink:#1a2230;--ink-2:#4a5568;--edge:#8a97ab;--box-line:#9fb0c9;"
    "--accent:#1f5fbf;--s0:#f5f8fc;--s1:#e6eef9;--s2:#d3e2f5;--s3:#c6daf4;--s4:#b3cef0"
)
DARK = (
    "--paper:#12161d;--ink:#e8ecf3;--ink-2:#aab4c4;--edge:#66738a;--box-line:#42526b;"
    "--accent:#7db0ff;--s0:#1a212c;--s1:#1c2a3f;--s2:#1f3453;--s3:#213c63;--s4:#244675"
)
STANDALONE_STYLE = (
    f"svg{{{LIGHT};background:var(--paper)}}"
    f"@media(prefers-color-scheme:dark){{svg{{{DARK}}}}}"
    + MAP_STYLE.replace("\n", "")
    + ".map .e .q{transform:translateY(-9px)}.map .e .t{transform:translateY(9px)}"
    ".map .e.p0 .q{transform:none}"
)
