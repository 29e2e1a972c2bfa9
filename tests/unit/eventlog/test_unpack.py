"""Packed logs: the same contents, within bounds, and never more than asked for."""

import gzip
from pathlib import Path

import pytest

from queueapp.eventlog import read_log
from queueapp.eventlog.unpack import chunks
from tests.unit.eventlog.log_files import HEADER, as_xes, error_of, read, write

ROWS = "".join(f"c{n},Go,2024-01-05T10:11:12Z\n" for n in range(2_000))
LOG = f"{HEADER}\n{ROWS}".encode()


def test_a_packed_csv_reads_like_a_plain_one(tmp_path: Path) -> None:
    """Packing changes nothing, not even in several members."""
    plain = read(write(tmp_path, LOG, "plain.csv"))
    half = len(LOG) // 2
    packed = write(tmp_path, gzip.compress(LOG[:half]) + gzip.compress(LOG[half:]), "two.csv.gz")

    assert read(packed).frame.equals(plain.frame)


def test_a_packed_csv_may_have_an_encoding(tmp_path: Path) -> None:
    """Unpacking and decoding go together."""
    text = f"{HEADER}\nc1,Caf\xe9,2024-01-05\n"
    path = write(tmp_path, gzip.compress(text.encode("cp1252")), "log.csv.gz")

    assert read(path, encoding="cp1252").frame["activity"].to_list() == ["Caf\xe9"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.csv.gz", LOG),
        (
            "log.xes.gz",
            as_xes([{"case:concept:name": "c1", "concept:name": str(n)} for n in range(999)]),
        ),
    ],
)
def test_a_truncated_file_is_refused(tmp_path: Path, name: str, content: str | bytes) -> None:
    """A file whose end is missing is not half a log."""
    packed = gzip.compress(content if isinstance(content, bytes) else content.encode())

    assert error_of(read, write(tmp_path, packed[:-30], name)).code == "truncated"


def test_damage_inside_is_refused(tmp_path: Path) -> None:
    """The check sum of the packed data is honoured."""
    packed = bytearray(gzip.compress(LOG))
    packed[-6] ^= 0xFF

    assert error_of(read, write(tmp_path, bytes(packed), "log.csv.gz")).code == "bad_gzip"


@pytest.mark.parametrize("name", ["bomb.csv.gz", "bomb.xes.gz"])
def test_a_bomb_is_stopped_early(tmp_path: Path, name: str) -> None:
    """Data that grows a thousandfold is stopped long before the absolute bound."""
    start = b"<log>" if "xes" in name else f"{HEADER}\n".encode()
    path = write(tmp_path, gzip.compress(start + b" " * (200 << 20)), name)

    error = error_of(read, path)
    assert (error.code, "400 times" in error.message) == ("too_large", True)


def test_unpacking_stops_at_the_bound(tmp_path: Path) -> None:
    """No more than the bound is ever unpacked."""
    path = write(tmp_path, gzip.compress(LOG), "log.csv.gz")

    assert error_of(read_log, path, format="csv.gz", max_bytes=len(LOG) - 1).code == "too_large"
    assert b"".join(chunks(path, packed=True, max_bytes=len(LOG))) == LOG
