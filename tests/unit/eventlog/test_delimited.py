"""Reading CSV: delimiters, quotes, encodings, ragged rows and every way to be malformed."""

from pathlib import Path

import pytest

from queueapp.eventlog import Columns, LogError, ReadOptions, read_log
from tests.unit.eventlog.log_files import HEADER, at, error_of, read, write

ROW = "c1,Start,2024-01-05T10:11:12Z"


def triples(path: Path, **options: str) -> list[tuple[str, ...]]:
    return read(path, **options).frame.select("case", "activity", "time_text").rows()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    """Comma, semicolon, tab and bar need no hint."""
    path = write(tmp_path, f"{HEADER}\n{ROW}\n".replace(",", delimiter))

    assert triples(path) == [("c1", "Start", "2024-01-05T10:11:12Z")]
    assert read(path).source.delimiter == delimiter


def test_the_named_columns_decide_between_delimiters(tmp_path: Path) -> None:
    """Commas inside the fields do not win over the delimiter that yields the mapped columns."""
    path = write(tmp_path, "A, b;B, c;C, d\n1, x;Go;2024-01-05\n")
    raw = read(path, Columns("A, b", "B, c", "C, d"))

    assert raw.frame.select("case", "activity").rows() == [("1, x", "Go")]


@pytest.mark.parametrize(
    ("hint", "separator"), [(":", ":"), ("tab", "\t"), ("\\t", "\t"), ("^", "^")]
)
def test_a_delimiter_may_be_named(tmp_path: Path, hint: str, separator: str) -> None:
    """A hint is taken as it is."""
    path = write(tmp_path, "case_id,activity,time\nc1,Go,20240105\n".replace(",", separator))

    assert triples(path, delimiter=hint) == [("c1", "Go", "20240105")]


@pytest.mark.parametrize("hint", ["", "ab", '"', "\n", "é", "x"])
def test_an_impossible_delimiter_is_refused(tmp_path: Path, hint: str) -> None:
    """What cannot separate fields is refused by name."""
    error = error_of(read, write(tmp_path, f"{HEADER}\n{ROW}\n"), delimiter=hint)

    assert (error.code, error.field) == ("unknown_delimiter", "delimiter")


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeff{HEADER}\r\n{ROW}\r\n",
        f"{HEADER}\r{ROW}\r",
        f"{HEADER}\n{ROW}",
        f"\n\n{HEADER}\n\n{ROW}\n\n\n",
        f"{HEADER},\n{ROW},\n",
        f"{HEADER}\n{ROW}\n,,\n",
        '"case_id","activity","timestamp"\n"c1","Start","2024-01-05T10:11:12Z"\n',
    ],
)
def test_harmless_differences_read_the_same(tmp_path: Path, content: str) -> None:
    """Marks, line ends, blank lines, trailing delimiters and quotes change nothing."""
    assert triples(write(tmp_path, content)) == [("c1", "Start", "2024-01-05T10:11:12Z")]


def test_quotes_protect_delimiters_quotes_and_line_ends(tmp_path: Path) -> None:
    """A quoted field may hold anything."""
    path = write(tmp_path, f'{HEADER}\r\n"c,1","Say ""go""\r\nnow",2024-01-05\r\nc2,End,\r\n')

    assert triples(path) == [("c,1", 'Say "go"\r\nnow', "2024-01-05"), ("c2", "End", None)]


def test_a_quoted_header_may_span_lines(tmp_path: Path) -> None:
    """A line end inside a column name belongs to the name."""
    raw = read(write(tmp_path, f'{HEADER},"long\nname"\n{ROW},x\n'))

    assert raw.frame["long\nname"].to_list() == ["x"]


def test_rows_with_extra_fields_are_kept_and_marked(tmp_path: Path) -> None:
    """A row that cannot be trusted keeps its number and is marked, the others are unharmed."""
    raw = read(write(tmp_path, f"{HEADER}\n{ROW}\nc2,Stop, now,2024-01-06\n\n{ROW}\n"))

    assert raw.overlong == (2,)
    assert raw.frame["row"].to_list() == [1, 2, 3]
    assert raw.frame["time"].to_list()[::2] == [at("2024-01-05T10:11:12")] * 2


@pytest.mark.parametrize("short", ["c2,End", "c2,End\nc3,End,2024-01-06"])
def test_missing_last_fields_are_blank(tmp_path: Path, short: str) -> None:
    """Programs drop trailing blanks; such a row is short, not wrong."""
    raw = read(write(tmp_path, f"{HEADER},note\n{short}\n"))

    assert raw.frame.row(0, named=True)["time_text"] is None
    assert raw.overlong == ()


def test_mostly_ragged_files_are_refused(tmp_path: Path) -> None:
    """If most rows do not fit the header, the header is not the table's."""
    error = error_of(read, write(tmp_path, f"{HEADER}\n{ROW},x,y\n{ROW},x,y\n"))

    assert (error.code, error.row) == ("not_a_table", 1)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (HEADER.encode(), "no_rows"),
        (HEADER.encode() + b"\n\n,,\n", "no_rows"),
        (b"just some words\nand more words\n", "not_a_table"),
        (f'{HEADER}\n"c1,Go,2024-01-05\nc2,Go,2024-01-05\n'.encode(), "bad_csv"),
        (f'{HEADER}\nc1,"Go" on,2024-01-05\n'.encode(), "bad_csv"),
        (f"{HEADER}\nc1,Caf\xe9,2024-01-05\n".encode("latin-1"), "not_utf8"),
        (f"{HEADER}\nc1,G\x00o,2024-01-05\n".encode() * 40, "not_a_table"),
        (b"a,b,c\n1,2,3\n", "missing_column"),
    ],
)
def test_malformed_files_say_what_is_wrong(tmp_path: Path, content: bytes, code: str) -> None:
    """Each kind of broken file has its own stable code."""
    assert error_of(read, write(tmp_path, content)).code == code


def test_a_wrong_byte_is_located_and_the_hint_named(tmp_path: Path) -> None:
    """The error for text of another encoding names the line and what to send."""
    path = write(tmp_path, f"{HEADER}\n{ROW}\nc2,Caf\xe9,2024-01-05\n".encode("cp1252"))
    error = error_of(read, path)

    assert (error.field, "line 3" in error.message, "cp1252" in error.message) == (
        "encoding",
        True,
        True,
    )


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16", "utf-16-le", "utf-8-sig"])
def test_a_named_encoding_is_used(tmp_path: Path, encoding: str) -> None:
    """Text in any encoding reads alike once it is named."""
    path = write(tmp_path, f"{HEADER}\r\nc1,Caf\xe9,2024-01-05\r\n".encode(encoding))

    assert triples(path, encoding=encoding) == [("c1", "Caf\xe9", "2024-01-05")]


def test_a_marked_utf16_file_needs_no_hint(tmp_path: Path) -> None:
    """A byte order mark is a hint by itself."""
    path = write(tmp_path, f"{HEADER}\nc1,Caf\xe9,2024-01-05\n".encode("utf-16"))

    assert triples(path) == [("c1", "Caf\xe9", "2024-01-05")]


@pytest.mark.parametrize("name", ["klingon", "zlib", "hex", "rot13", ""])
def test_unknown_encodings_are_refused(tmp_path: Path, name: str) -> None:
    """Only text encodings are taken, byte transforms are not."""
    path = write(tmp_path, f"{HEADER}\n{ROW}\n")
    error = error_of(
        read_log, path, format="csv", columns=None, options=ReadOptions(encoding=name or "\x00")
    )

    assert (error.code, error.field) == ("unknown_encoding", "encoding")


def test_text_of_another_than_the_named_encoding_is_refused(tmp_path: Path) -> None:
    """A hint that does not fit is an error, not a guess."""
    path = write(tmp_path, f"{HEADER}\nc1,Caf\xe9,2024-01-05\n".encode("cp1252"))

    for encoding in ("ascii", "utf-8", "utf-16"):
        error = error_of(read, path, encoding=encoding)
        assert (error.code, error.field) == ("wrong_encoding", "encoding")


def test_every_other_column_is_kept_as_text(tmp_path: Path) -> None:
    """Attributes keep their names and texts; names the frame needs itself are set aside."""
    path = write(
        tmp_path,
        "case_id,activity,timestamp,amount,row,amount,,lifecycle:transition,start\n"
        "c1,Go,2024-01-05,007,r,8,z,complete,s\n",
    )
    raw = read(path)

    assert raw.attributes == {
        "amount": "amount",
        "row (2)": "row",
        "amount (2)": "amount (2)",
        "column_7": "column_7",
        "start (2)": "start",
    }
    assert raw.frame.select("amount", "row (2)", "amount (2)", "column_7", "lifecycle").rows() == [
        ("007", "r", "8", "z", "complete")
    ]


def test_blank_texts_are_null(tmp_path: Path) -> None:
    """White space is nothing, in every part that matters."""
    path = write(tmp_path, f"{HEADER},resource\n , \t,  , \nc1,Go,2024-01-05,R1\n")
    row = read(path).frame.select("case", "activity", "time_text", "time", "resource").row(0)

    assert row == (None,) * 5


def test_start_times_are_read_where_mapped(tmp_path: Path) -> None:
    """A start column gives start times beside the completion times."""
    path = write(tmp_path, f"{HEADER},start_time\n{ROW},2024-01-05 09:00\n{ROW},x\n")
    frame = read(path).frame

    assert frame["start"].to_list() == [at("2024-01-05T09:00"), None]
    assert frame["start_text"].to_list() == ["2024-01-05 09:00", "x"]


def test_the_bound_on_bytes_holds_for_plain_files(tmp_path: Path) -> None:
    """A file beyond the bound is not read."""
    path = write(tmp_path, f"{HEADER}\n" + f"{ROW}\n" * 100)

    with pytest.raises(LogError) as caught:
        read_log(path, format="csv", max_bytes=1_000)
    assert caught.value.code == "too_large"


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    """Width is bounded, for each column costs memory per row."""
    header = ",".join([HEADER, *(f"x{n}" for n in range(1_000))])

    assert error_of(read, write(tmp_path, f"{header}\n{ROW}\n")).code == "too_large"


def test_progress_hears_the_number_of_rows(tmp_path: Path) -> None:
    """The listener is told how many records there are."""
    heard: list[int] = []
    read_log(write(tmp_path, f"{HEADER}\n{ROW}\n{ROW}\n"), format="csv", on_rows=heard.append)

    assert heard == [2]
