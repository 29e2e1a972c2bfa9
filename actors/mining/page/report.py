"""The report: one HTML file from one mining document."""

import json
from typing import Any

from actors.mining.markup import text
from actors.mining.page import evidence, overview, performance
from actors.mining.page.style import style_sheet

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_SECTIONS = (
    ("summary", "Summary", overview.summary_section, "summary"),
    ("map", "Process map", overview.map_section, "flow"),
    ("happy-path", "Happy path", overview.happy_path_section, "happyPath"),
    ("variants", "Variants", overview.variants_section, "variants"),
    ("cycle-time", "Cycle time", performance.cycle_section, "cycleTime"),
    ("throughput", "Throughput", performance.throughput_section, "throughput"),
    ("bottlenecks", "Bottlenecks", performance.bottlenecks_section, "bottlenecks"),
    ("rework", "Rework", performance.rework_section, "rework"),
    ("resources", "Resources", performance.resources_section, "resources"),
    ("anomalies", "Anomalies", evidence.anomalies_section, "anomalies"),
    ("quality", "Data quality", evidence.quality_section, "quality"),
    ("method", "Method", evidence.method_section, "summary"),
)


def render(document: dict[str, Any]) -> bytes:
    """Draw the report of a document; sections that the document lacks are left out."""
    wanted = [one for one in _SECTIONS if one[3] in document]
    links = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title, _s, _k in wanted)
    body = "".join(draw(document) for _n, _t, draw, _k in wanted)
    name = text(document["dataset"]["name"])
    made = text(document["made"].replace("T", " ").removesuffix("Z"))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{name}: process report</title><style>{style_sheet()}</style></head><body>"
        '<a class="skip" href="#main">Skip to the report</a>'
        f'<header><p class="kind">Process mining report</p><h1>{name}</h1>'
        f'<p class="about">Made {made} UTC</p>'
        f'<nav aria-label="Sections"><ul>{links}</ul></nav></header>'
        f'<main id="main">{body}</main><footer><p>Every number here is also in the JSON document '
        "that was made with this report.</p></footer></body></html>"
    ).encode()


def as_json(document: dict[str, Any]) -> bytes:
    """Write the document itself, readable and in its own order."""
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode()
