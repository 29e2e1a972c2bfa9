"""Format detection: content decides, the name only where content cannot."""

import gzip
import io
import random

import polars as pl
import pytest

from queueapp.eventlog import detect_format
from tests.unit.eventlog.log_files import error_of


def parquet_bytes() -> bytes:
    file = io.BytesIO()
    pl.DataFrame({"a": ["x"]}).write_parquet(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("log.csv", b"a,b\n1,2\n", "csv"),
        (None, b"a;b\n1;2\n", "csv"),
        ("log.xes", b"<?xml version='1.0'?><log/>", "xes"),
        ("misnamed.csv", b"\xef\xbb\xbf\n<log/>", "xes"),
        ("misnamed.csv", b"PAR1....", "parquet"),
        ("log.csv.gz", gzip.compress(b"a,b\n", mtime=0), "csv.gz"),
        ("log.gz", gzip.compress(b"<log/>", mtime=0), "xes.gz"),
        ("log.csv", gzip.compress(b"a,b\n", mtime=0), "csv.gz"),
        ("log.csv", "a,b\n1,2\n".encode("utf-16"), "csv"),
        ("log.csv", "a,b\n1,2\n".encode("utf-16-le"), "csv"),
        ("log.csv", "a,b\n1,caf\xe9\n".encode("cp1252"), "csv"),
        ("log.xes", b"this is no XML", "xes"),
    ],
)
def test_content_names_the_format(name: str | None, head: bytes, expected: str) -> None:
    """The first bytes say what a file is."""
    assert detect_format(name, head) == expected


@pytest.mark.parametrize(
    ("name", "head", "code"),
    [
        ("log.csv", b"", "empty_file"),
        ("log.csv", b" \r\n\n", "empty_file"),
        ("log.csv.gz", gzip.compress(b"", mtime=0), "empty_file"),
        ("log.csv", random.Random(1).randbytes(4096), "not_a_table"),
        ("log.csv", b"PK\x03\x04rest", "unknown_format"),
        ("log.csv", b"%PDF-1.7", "unknown_format"),
        ("log.json", b'{"a": 1}', "unknown_format"),
        ("log.parquet", b"a,b\n1,2\n", "unknown_format"),
        ("log.parquet.gz", gzip.compress(parquet_bytes(), mtime=0), "unknown_format"),
        ("log.csv.gz", b"\x1f\x8b\x08\x00rubbish-rubbish", "bad_gzip"),
    ],
)
def test_what_is_no_log_is_refused(name: str, head: bytes, code: str) -> None:
    """Other kinds of files are refused by what they are, whatever they are called."""
    assert error_of(detect_format, name, head).code == code
