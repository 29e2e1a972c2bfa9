"""The few pieces of HTML that the report is made of. Everything that enters is escaped here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from actors.mining.markup import text


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading and whether it holds numbers."""

    title: str
    number: bool = False


def number(title: str) -> Column:
    """Make a column of numbers, set to the right."""
    return Column(title, number=True)


def table(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> str:
    """Build a table of ready HTML cells that scrolls by itself when it is too wide."""
    head = "".join(
        f'<th scope="col"{_class(column)}>{text(column.title)}</th>' for column in columns
    )
    body = "".join(f"<tr>{_cells(columns, row)}</tr>" for row in rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption)}"><table>'
        f"<caption>{text(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _cells(columns: Sequence[Column], row: Sequence[str]) -> str:
    pairs = zip(columns, row, strict=True)
    return "".join(f"<td{_class(column)}>{cell}</td>" for column, cell in pairs)


def _class(column: Column) -> str:
    return ' class="num"' if column.number else ""


def bar(fraction: float, label: str) -> str:
    """Show a share as text with a bar behind it."""
    width = max(0.0, min(1.0, fraction)) * 100
    return f'<span class="bar"><i style="width:{width:.1f}%"></i><b>{text(label)}</b></span>'


def details(summary: str, content: str) -> str:
    """Fold content away under a summary; it is printed open."""
    return f"<details><summary>{text(summary)}</summary>{content}</details>"


def section(name: str, title: str, lead: str, *content: str) -> str:
    """Build a section with its heading and one introducing sentence (ready HTML)."""
    intro = f'<p class="lead">{lead}</p>' if lead else ""
    return (
        f'<section id="{name}" aria-labelledby="{name}-h"><h2 id="{name}-h">{text(title)}</h2>'
        f"{intro}{''.join(content)}</section>"
    )
