"""The report's charts as SVG: a histogram and a timeline, each with a title and a description."""

from collections.abc import Sequence

from actors.mining.markup import text
from actors.mining.wording import count

_WIDTH, _HEIGHT = 980, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 22, 46


def histogram(name: str, title: str, desc: str, bars: Sequence[tuple[str, int]]) -> str:
    """Draw counted bins as bars that touch, each labelled with its lower bound and count."""
    most = max((n for _label, n in bars), default=0)
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(bars))
    parts = [_grid(most)]
    for i, (label, n) in enumerate(bars):
        x, height = _LEFT + i * step, _height(n, most)
        y = _HEIGHT - _BOTTOM - height
        parts.append(
            f'<g><title>{text(label)}: {count(n)}</title><rect class="b" x="{x + 1:.1f}" '
            f'y="{y:.1f}" width="{step - 2:.1f}" height="{height:.1f}"/>'
            f'<text class="v" x="{x + step / 2:.1f}" y="{y - 5:.1f}">{count(n) if n else ""}</text>'
            f"{_tick(label, x + step / 2, step)}</g>"
        )
    return _svg(name, title, desc, "".join(parts))


def timeline(
    name: str, title: str, desc: str, labels: Sequence[str], lines: Sequence[Sequence[int]]
) -> str:
    """Draw one to three lines over the same periods, told apart by dashes as well as colour."""
    most = max((max(line) for line in lines if line), default=0)
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(labels) - 1)
    parts = [_grid(most)]
    for kind, line in enumerate(lines):
        points = " ".join(
            f"{_LEFT + i * step:.1f},{_HEIGHT - _BOTTOM - _height(n, most):.1f}"
            for i, n in enumerate(line)
        )
        parts.append(f'<polyline class="l l{kind}" points="{points}"/>')
    every = max(1, -(-len(labels) // 9))
    for i in range(0, len(labels), every):
        x = min(_LEFT + i * step, _WIDTH - _RIGHT - 30)
        y = _HEIGHT - _BOTTOM + 18
        parts.append(f'<text class="x" x="{x:.1f}" y="{y}">{text(labels[i])}</text>')
    return _svg(name, title, desc, "".join(parts))


def _tick(label: str, x: float, step: float) -> str:
    """Write a bin's label, in two lines where it has two parts and little room."""
    y = _HEIGHT - _BOTTOM + 16
    words = label.split("–", 1) if step < 88 and "–" in label else [label]
    if len(words) == 1:
        return f'<text class="x" x="{x:.1f}" y="{y}">{text(label)}</text>'
    return (
        f'<text class="x" x="{x:.1f}" y="{y}">{text(words[0])}–</text>'
        f'<text class="x" x="{x:.1f}" y="{y + 14}">{text(words[1])}</text>'
    )


def _height(n: int, most: int) -> float:
    return (_HEIGHT - _TOP - _BOTTOM) * n / _ceiling(most)


def _ceiling(most: int) -> int:
    """Find the round number at or above the largest value, so that the grid has whole steps."""
    size = 1
    while True:
        for digit in (4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 36, 40):
            if most <= digit * size and digit * size % 4 == 0:
                return digit * size
        size *= 10


def _grid(most: int) -> str:
    top = _ceiling(most)
    lines = []
    for quarter in range(5):
        value = top * quarter // 4
        y = _HEIGHT - _BOTTOM - _height(value, most)
        lines.append(
            f'<line class="g" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="y" x="{_LEFT - 8}" y="{y + 4:.1f}">{count(value)}</text>'
        )
    return "".join(lines)


def _svg(name: str, title: str, desc: str, body: str) -> str:
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(title)}">'
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-labelledby="{name}-t {name}-d"><title id="{name}-t">{text(title)}</title>'
        f'<desc id="{name}-d">{text(desc)}</desc>{body}</svg></div>'
    )
