"""Reading XES: both spellings of the elements, order, attributes, and hostile documents."""

from pathlib import Path

import pytest

from queueapp.eventlog import Columns, read_log
from tests.unit.eventlog.log_files import as_xes, at, error_of, read, write

EVENTS = [
    {
        "case:concept:name": "c1",
        "concept:name": "Start",
        "time:timestamp": "2024-01-05T10:11:12.000+02:00",
        "org:resource": "Ann & <Bob>",
        "lifecycle:transition": "complete",
        "cost": "3",
    },
    {"case:concept:name": "c1", "concept:name": "End", "time:timestamp": "2024-01-06T00:00:00Z"},
    {"case:concept:name": "c2", "concept:name": "Start", "time:timestamp": "2024-01-04T00:00:00Z"},
]


def document(inside: str) -> str:
    return f'<?xml version="1.0"?><log xmlns="http://www.xes-standard.org/">{inside}</log>'


def event(inside: str = "", name: str = "Go") -> str:
    return (
        f'<event><string key="concept:name" value="{name}"/>'
        f'<date key="time:timestamp" value="2024-01-05T10:11:12Z"/>{inside}</event>'
    )


def trace(*events: str, inside: str = "") -> str:
    return f'<trace><string key="concept:name" value="c1"/>{inside}{"".join(events)}</trace>'


@pytest.mark.parametrize("prefix", ["", "xes:"])
def test_events_become_rows_in_file_order(tmp_path: Path, prefix: str) -> None:
    """One row an event, with the standard's attributes in their parts."""
    raw = read(write(tmp_path, as_xes(EVENTS, prefix=prefix), "log.xes"))

    assert raw.frame.select("row", "case", "activity", "resource", "time", "lifecycle").rows() == [
        (1, "c1", "Start", "Ann & <Bob>", at("2024-01-05T08:11:12"), "complete"),
        (2, "c1", "End", None, at("2024-01-06T00:00:00"), None),
        (3, "c2", "Start", None, at("2024-01-04T00:00:00"), None),
    ]
    assert raw.frame["cost"].to_list() == ["3", None, None]


def test_trace_attributes_are_repeated_for_each_event(tmp_path: Path) -> None:
    """A trace's attribute stands in every row of the trace, under a case: name."""
    inside = '<float key="amount" value="1.5"/>'
    body = trace(event(), event(), inside=inside) + trace(event())
    raw = read(write(tmp_path, document(body), "log.xes"))

    assert raw.frame["case:amount"].to_list() == ["1.5", "1.5", None]


def test_the_trace_wins_over_an_event_that_carries_its_key(tmp_path: Path) -> None:
    """Logs made from CSV repeat case:concept:name in events; rows stay whole."""
    repeated = '<string key="case:concept:name" value="other"/>'
    body = trace(event(), event(repeated)) + f"<trace>{event(repeated)}</trace>"
    raw = read(write(tmp_path, document(body), "log.xes"))

    assert raw.frame["case"].to_list() == ["c1", "c1", "other"]


def test_nested_attributes_and_containers_are_passed_over(tmp_path: Path) -> None:
    """Only the direct attributes of events and traces are columns."""
    nested = (
        '<string key="a" value="1"><string key="b" value="2"/></string>'
        '<list key="l"><values><string key="c" value="3"/></values></list>'
        '<container key="d"><int key="e" value="4"/></container>'
    )
    header = '<global scope="event"><string key="g" value="x"/></global><string key="h" value="y"/>'
    raw = read(write(tmp_path, document(header + trace(event(nested))), "log.xes"))

    assert raw.attributes == {"a": "a"}


def test_an_event_outside_a_trace_has_no_case(tmp_path: Path) -> None:
    """Such an event is read and left to the cleaning."""
    raw = read(write(tmp_path, document(trace(event()) + event()), "log.xes"))

    assert raw.frame["case"].to_list() == ["c1", None]


def test_another_attribute_may_be_the_activity(tmp_path: Path) -> None:
    """A mapping overrides the standard's attributes."""
    path = write(tmp_path, as_xes(EVENTS), "log.xes")
    raw = read(path, Columns("case:concept:name", "cost", "time:timestamp"))

    assert raw.frame["activity"].to_list() == ["3", None, None]


def test_many_events_are_packed_without_a_seam(tmp_path: Path) -> None:
    """Attributes that come and go over more events than one chunk stay in their rows."""
    bodies = [
        trace(event(f'<int key="k{n % 3}" value="{n}"/>' if n % 2 else "", name=f"A{n % 5}"))
        for n in range(60_000)
    ]
    heard: list[int] = []
    path = write(tmp_path, document("".join(bodies)), "log.xes")
    frame = read_log(path, format="xes", on_rows=heard.append).frame

    assert heard == [50_000, 60_000, 60_000]
    assert frame["activity"].to_list() == [f"A{n % 5}" for n in range(60_000)]
    assert frame["k1"].to_list() == [
        str(n) if n % 2 and n % 3 == 1 else None for n in range(60_000)
    ]


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "empty_file"),
        ("no xml at all", "bad_xml"),
        ("<log><trace>", "bad_xml"),
        (document(trace(event()))[:-6], "bad_xml"),
        (document(trace(event() + "&nbsp;")), "bad_xml"),
        ("<html><body/></html>", "bad_xml"),
        ('<?xml version="1.0" encoding="klingon"?><log/>', "bad_xml"),
        ('<?xml version="1.0" encoding="shift_jis"?><log/>', "bad_xml"),
        ("<log/>", "no_rows"),
        (document("<trace/>"), "no_rows"),
        ("<!DOCTYPE log><log/>", "entities_refused"),
        (f'<!DOCTYPE log [<!ENTITY l0 "ha">{LAUGHS}]><log>&l9;</log>', "entities_refused"),
        (
            '<!DOCTYPE log [<!ENTITY x SYSTEM "file:///etc/passwd">]><log>&x;</log>',
            "entities_refused",
        ),
        ("<log>" + "<list>" * 100 + "</list>" * 100 + "</log>", "too_deep"),
        (document(trace('<event><string key="x" value="y"/></event>')), "missing_column"),
    ],
)
def test_malformed_and_hostile_documents_are_refused(
    tmp_path: Path, content: str, code: str
) -> None:
    """Each kind of broken or hostile document has its own stable code."""
    assert error_of(read, write(tmp_path, content, "log.xes")).code == code


def test_attributes_are_bounded(tmp_path: Path) -> None:
    """A document cannot name a new column with every event without end."""
    body = trace(*(event(f'<int key="k{n}" value="1"/>') for n in range(1_001)))

    assert error_of(read, write(tmp_path, document(body), "log.xes")).code == "too_large"


def test_a_syntax_error_names_its_line(tmp_path: Path) -> None:
    """The error says where the document breaks."""
    error = error_of(read, write(tmp_path, "<log>\n<trace>\n</log>", "log.xes"))

    assert error.message == "the XML is broken in line 3: mismatched tag"


@pytest.mark.parametrize("cut", ["<log>\n<trace>", "<log>\n<tra", "<log>\n<![CDATA[a"])
def test_a_document_that_was_cut_off_is_called_so(tmp_path: Path, cut: str) -> None:
    """Half a file is the usual reason, and the parser's own words do not say it."""
    error = error_of(read, write(tmp_path, cut, "log.xes"))

    assert error.message == "the XML ends too early, in line 2"
