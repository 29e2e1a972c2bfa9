"""Recognise the format of a log from its first bytes, then from its name."""

import codecs
import zlib

from queueapp.eventlog.model import Format, LogError

#: How many bytes of a file are worth handing to `detect_format`.
HEAD_BYTES = 65_536

_FOREIGN = {
    b"PK\x03\x04": "a zip archive or a spreadsheet; export the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet; export the sheet as CSV",
    b"%PDF": "a PDF document; send CSV, XES or Parquet",
    b"BZh": "a bzip2 archive; send it unpacked or as gzip",
    b"\xfd7zXZ": "an xz archive; send it unpacked or as gzip",
    b"(\xb5/\xfd": "a zstd archive; send it unpacked or as gzip",
    b"\x89PNG": "a picture; send CSV, XES or Parquet",
    b"\xff\xd8\xff": "a picture; send CSV, XES or Parquet",
    b"SQLite format 3": "a database; export the table as CSV",
}
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\r\f\x1b")


def detect_format(filename: str | None, head: bytes) -> Format:
    """Name the format of a file from its first bytes (up to `HEAD_BYTES`) and its name.

    Raises: LogError empty_file, unknown_format, truncated.
    """
    if not head.strip():
        raise LogError("empty_file", "the file is empty")
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise LogError("unknown_format", f"the file is {what}")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\x1f\x8b"):
        inner = _text_format(_without_gz(filename), _unzipped_head(head))
        return "xes.gz" if inner == "xes" else "csv.gz"
    return _text_format(filename, head)


def _text_format(filename: str | None, head: bytes) -> Format:
    if head.startswith((b"PAR1", b"\x1f\x8b")):
        raise LogError("unknown_format", "the gzip file contains another packed format")
    text = _visible(head)
    name = (filename or "").lower()
    if text.startswith(b"<") or name.endswith(".xes"):
        return "xes"
    if name.endswith((".parquet", ".pq")):
        raise LogError("unknown_format", "the file is named Parquet but does not begin as one")
    if text.startswith((b"{", b"[{")):
        raise LogError("unknown_format", "the file looks like JSON; send CSV, XES or Parquet")
    return "csv"


def _visible(head: bytes) -> bytes:
    """Return the text without marks, blanks and the zero bytes of UTF-16; refuse rubbish."""
    if head.startswith(_UTF16_MARKS) or _looks_like_utf16(head):
        return head.lstrip(b"\xff\xfe\x00 \t\r\n").replace(b"\x00", b"")
    controls = len(head) - len(head.translate(None, _CONTROL))
    if controls * 200 > len(head):
        raise LogError("not_a_table", "the file is binary data, not a table of text")
    return head.removeprefix(codecs.BOM_UTF8).lstrip()


def _looks_like_utf16(head: bytes) -> bool:
    """Tell whether nearly every second byte is zero, as in Latin text without a mark."""
    half = max(len(head) // 2, 1)
    return max(head[0::2].count(0), head[1::2].count(0)) > 0.9 * half


def _unzipped_head(head: bytes) -> bytes:
    try:
        inner = zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES)
    except zlib.error as error:
        raise LogError("bad_gzip", f"the gzip data is damaged: {error}") from error
    if not inner.strip():
        raise LogError("empty_file", "the gzip file contains no text")
    return inner


def _without_gz(filename: str | None) -> str | None:
    return filename[:-3] if filename and filename.lower().endswith(".gz") else filename
