"""The report is one safe, accessible file that says what the document says."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from actors.mining import next_activity
from actors.mining.document import Settings
from actors.mining.page import report
from actors.mining.page.style import style_sheet
from actors.mining.process_map import DARK, LIGHT
from tests.shared_data import shared
from tests.unit.mining.logs import log, mined
from tests.unit.mining.running import run_job

EVIL = "<script>alert(1)</script>\"'&</title>\x01"
VOID = {"meta", "input", "br", "hr", "img", "link"}


class Page(HTMLParser):
    """Reads a page strictly: every element closed, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element that closes itself."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, which must be this one."""
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every element of a kind."""
        return [attributes for name, attributes in self.tags if name == tag]


def page_of(*cases: str) -> str:
    """Draw the report of a tiny log, with everything in it."""
    found = mined(log(*cases), Settings(anomalies=True))
    found.document["model"] = next_activity.card(next_activity.fit(found.events, found.cases))
    return report.render(found.document).decode()


def small() -> str:
    """Draw a report with every section."""
    return page_of(*["A@0:ann B@60:bob A@90:ann C@4000:bob"] * 3, "A@0:ann C@500:cem", "A@9 A@10")


def test_every_element_is_closed_and_every_id_is_unique() -> None:
    """The page is well formed, and its links lead to sections that exist."""
    page = Page(small())
    ids = [attributes["id"] for _tag, attributes in page.tags if "id" in attributes]

    assert [] == page.open
    assert len(ids) == len(set(ids))
    targets = {str(a["href"]).removeprefix("#") for a in page.all("a")}
    assert targets <= set(ids)
    labels = {str(a["for"]) for a in page.all("label")}
    assert labels <= set(ids)


def test_nothing_is_loaded_and_nothing_runs() -> None:
    """No script, no address outside the page, and a policy that forbids both."""
    html = small()
    page = Page(html)

    assert [] == page.all("script")
    assert not re.search(r"""(src|href|action)\s*=\s*["'](?!#)""", html)
    assert "url(" not in html
    assert not any(name.startswith("on") for _tag, a in page.tags for name in a)
    policies = [a["content"] for a in page.all("meta") if "http-equiv" in a]
    assert ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"] == policies


def test_text_from_the_log_cannot_become_markup() -> None:
    """Activities, resources, cases and names of datasets are escaped everywhere."""
    frame = log(*["A@0:ann A@1:bob B@5:ann"] * 3).to_dict(as_series=False)
    frame["activity"] = [EVIL + name for name in frame["activity"]]
    frame["resource"] = [EVIL + name for name in frame["resource"]]
    frame["case"] = [EVIL + name for name in frame["case"]]
    found = mined(
        log(*["A@0:ann A@1:bob B@5:ann"] * 3).with_columns(
            **{key: log_column(frame[key]) for key in ("activity", "resource", "case")}
        ),
        Settings(anomalies=True),
    )
    found.document["dataset"]["name"] = EVIL
    html = report.render(found.document).decode()

    assert "<script" not in html
    assert "\x01" not in html
    assert [] == Page(html).open
    assert "&lt;script&gt;" in html


def log_column(values: list[str]) -> object:
    """Make a column of text."""
    import polars as pl

    return pl.Series(values, dtype=pl.String)


def test_every_picture_has_a_name_and_a_table() -> None:
    """Charts and maps are images with title and description, and the numbers stand in tables."""
    page = Page(small())
    pictures = [a for a in page.all("svg") if a.get("role") == "img"]
    ids = {a["id"] for _tag, a in page.tags if "id" in a}

    assert len(pictures) >= 3
    for picture in pictures:
        assert set(str(picture["aria-labelledby"]).split()) <= ids
    hidden = [a for a in page.all("svg") if a.get("role") != "img"]
    assert all(a.get("aria-hidden") == "true" for a in hidden)
    assert len(page.all("caption")) == len(page.all("table")) >= 6


def test_numbers_of_the_document_are_on_the_page() -> None:
    """The page repeats the document's figures, in words."""
    html = page_of(*["A@0:ann B@60:bob"] * 1200, "A@0:ann C@500:cem")

    assert "1,201" in html
    assert "2,402" in html
    assert "99.9 %" in html
    assert "<dd>1 min</dd>" in html


def test_equal_documents_give_equal_bytes() -> None:
    """The page depends on nothing but the document."""
    assert small() == small()


@pytest.mark.parametrize(
    ("name", "log_format"),
    [("receipt.csv", "csv"), ("helpdesk.xes.gz", "xes.gz"), ("running-example.csv", "csv")],
)
def test_report_stays_small(tmp_path: Path, name: str, log_format: str) -> None:
    """A report with everything in it has under 400 KB."""
    run = run_job(
        shared(f"eventlogs/{name}"),
        tmp_path,
        log_format=log_format,
        parameters={"includeAnomalyDetection": True},
    )

    assert len(run.bytes("report.html")) < 400_000
    assert [] == Page(run.bytes("report.html").decode()).open


def test_report_of_a_tangled_log_stays_small() -> None:
    """Hundreds of activities in no order at all still make a page of under 400 KB."""
    import random

    dice = random.Random(5)
    cases = (
        " ".join(f"activity-with-a-long-name-{dice.randint(0, 390)}@{n}" for n in range(40))
        for _ in range(60)
    )

    assert len(page_of(*cases)) < 400_000


def test_absurdly_long_names_and_cases_are_shortened() -> None:
    """Names of thousands of characters and cases of thousands of events do not fill the page."""
    long = page_of(
        *[f"A@0 {'n' * 5000}@9:{'r' * 5000}"] * 30, " ".join(f"A@{n}" for n in range(5000))
    )

    assert len(long) < 100_000
    assert "n" * 119 + "…" in long
    assert "and 4,970 more steps" in long


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_text_stands_out_from_what_is_behind_it(theme: str) -> None:
    """Text has a contrast of 4.5 to 1 or more against paper and boxes, in both themes."""
    colours = dict(re.findall(r"--([\w-]+):(#\w+)", theme))

    for ink in ("ink", "ink-2", "accent"):
        assert contrast(colours[ink], colours["paper"]) >= 4.5
    for shade in range(5):
        assert contrast(colours["ink"], colours[f"s{shade}"]) >= 4.5
        assert contrast(colours["ink-2"], colours[f"s{shade}"]) >= 4.5


def test_chips_and_markers_are_readable_in_both_themes() -> None:
    """Chips, links, buttons and slow times stand out from their backgrounds."""
    sheet = style_sheet()
    themes = [sheet[: sheet.index("@media")], sheet[sheet.index("prefers-color-scheme:dark") :]]
    for theme in themes:
        colours = dict(reversed(re.findall(r"--([\w-]+):(#\w+)", theme)))
        pairs = [(f"d{i}", f"c{i}") for i in range(8)]
        pairs += [(ink, "paper") for ink in ("slow", "slower", "accent")]
        pairs += [("ink-2", "page"), ("accent", "page"), ("ink", "bar"), ("paper", "ink-2")]
        for ink, behind in pairs:
            assert contrast(colours[ink], colours[behind]) >= 4.5, (ink, behind)


def contrast(one: str, other: str) -> float:
    """Compute the contrast ratio of two colours as WCAG 2 defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Compute the relative luminance of a colour."""
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.browser
def test_page_does_not_scroll_sideways_on_a_phone(tmp_path: Path) -> None:
    """At 360 pixels only tables, charts and the map scroll, each by itself."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine")
    (tmp_path / "report.html").write_text(page_of(*["Receive_the_order_form@0 B@60 C@70"] * 9))
    (tmp_path / "frame.html").write_text(
        '<iframe id="f" src="report.html" style="width:360px;height:900px"></iframe><script>'
        "f.onload=()=>{const e=f.contentDocument.documentElement;"
        "document.title=JSON.stringify([e.scrollWidth,e.clientWidth])}</script>"
    )
    flags = "--headless --no-sandbox --disable-gpu --no-first-run --disable-sync"
    quiet = "--disable-background-networking --disable-component-update"
    shown = subprocess.run(
        [
            *(browser, *flags.split(), *quiet.split(), "--allow-file-access-from-files"),
            *(f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=4000"),
            *("--dump-dom", f"file://{tmp_path / 'frame.html'}"),
        ],
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    ).stdout

    scroll, client = json.loads(re.search(r"<title>(\[.*?\])</title>", shown)[1])  # type: ignore[index]
    assert scroll == client
