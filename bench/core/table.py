"""Prints tables of text, and the figures that stand in them."""

import statistics
from collections.abc import Sequence

Row = Sequence[str]


def show(title: str, head: Row, rows: Sequence[Row], *notes: str) -> None:
    """Print a table as Markdown, so that it can be kept as it is."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    print(f"\n### {title}\n")
    print(_line(head, widths))
    print("|" + "|".join(" --- " if not i else " ---: " for i in range(len(head))) + "|")
    for row in rows:
        print(_line(row, widths))
    for note in filter(None, notes):
        print(f"\n{note}")
    print(flush=True)


def _line(row: Row, widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if not i else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "| " + " | ".join(cells) + " |"


def ratios(values: Sequence[float], base: Sequence[float]) -> str:
    """Return the median of the pairs' ratios and their quartiles."""
    pairs = [value / below for value, below in zip(values, base, strict=False) if below]
    if not pairs:
        return "–"
    middle = statistics.median(pairs)
    if len(pairs) < 3:
        return f"{middle:.2f}"
    low, _, high = statistics.quantiles(pairs, n=4, method="inclusive")
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
