"""Open the bytes of a log within bounds, and bring text of any encoding to plain UTF-8.

A gzip file may grow a thousandfold; both the absolute size and the growth are bounded
while it is being unpacked, before anything is kept.
"""

import codecs
import contextlib
import gzip
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from queueapp.eventlog.model import LogError

_CHUNK = 1 << 20
_SIP = 8 << 10
#: Real logs pack 10-60 times; growth beyond this, past the first megabytes, is a bomb.
_MAX_GROWTH = 400
_GROWTH_FREE_BYTES = 16 << 20


def chunks(path: Path, *, packed: bool, max_bytes: int) -> Iterator[bytes]:
    """Yield the (unpacked) bytes of a file, at most `max_bytes` of them.

    Raises: LogError too_large, truncated, bad_gzip.
    """
    with path.open("rb") as raw:
        source: BinaryIO = gzip.GzipFile(fileobj=_Sips(raw)) if packed else raw  # type: ignore[assignment]
        total = 0
        while block := _read(source):
            total += len(block)
            if total > max_bytes:
                raise LogError("too_large", f"the log is larger than {max_bytes} bytes unpacked")
            if packed and total > max(_GROWTH_FREE_BYTES, _MAX_GROWTH * raw.tell()):
                raise LogError("too_large", f"the gzip data grows more than {_MAX_GROWTH} times")
            yield block


class _Sips:
    """Hands out a file in small pieces, so that its position tells what has been unpacked.

    Newer Pythons read 128 KiB ahead, which would hide how much a small file grows.
    """

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw

    def read(self, size: int, /) -> bytes:
        """Return at most one sip."""
        return self._raw.read(min(size, _SIP))

    def seek(self, offset: int, /) -> int:
        """Go to a place in the file."""
        return self._raw.seek(offset)


def _read(source: BinaryIO) -> bytes:
    try:
        return source.read(_CHUNK)
    except EOFError as error:
        raise LogError("truncated", "the gzip file ends too early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise LogError("bad_gzip", f"the gzip data is damaged: {error}") from error


def known_encoding(name: str) -> str:
    """Return the canonical name of a text encoding.

    Raises: LogError unknown_encoding.
    """
    try:
        b"".decode(name)
        "".encode(name)
        return codecs.lookup(name).name
    except (LookupError, ValueError) as error:
        raise LogError(
            "unknown_encoding", f"{name!r} is not a known text encoding", field="encoding"
        ) from error


@contextlib.contextmanager
def utf8_file(
    path: Path, *, packed: bool, encoding: str | None, max_bytes: int
) -> Iterator[tuple[Path, str]]:
    """Give a plain UTF-8 file with the text of `path`, and the encoding it was read with.

    The file itself is given where it already is that; else a temporary copy.
    Raises: LogError not_utf8, wrong_encoding, and those of `chunks`.
    """
    named = known_encoding(encoding) if encoding else None
    source = chunks(path, packed=packed, max_bytes=max_bytes)
    first = next(source, b"")
    used = named or _marked(first) or "utf-8"
    if used in ("utf-8", "utf-8-sig") and not packed:
        for _ in _decoded(first, source, encoding="utf-8", named=named):
            pass
        yield path, "utf-8"
        return
    with tempfile.NamedTemporaryFile(prefix="eventlog-", suffix=".csv") as copy:
        for text in _decoded(first, source, encoding=used, named=named):
            copy.write(text.encode("utf-8", "replace"))
        copy.flush()
        yield Path(copy.name), used


def _marked(first: bytes) -> str | None:
    """Name the encoding that a byte order mark gives away."""
    return "utf-16" if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def _decoded(
    first: bytes, rest: Iterator[bytes], *, encoding: str, named: str | None
) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    block = first
    try:
        while block:
            text = decoder.decode(block)
            if "\x00" in text:
                raise LogError("not_a_table", "the text contains zero bytes", row=None)
            lines += block.count(b"\n")
            yield text
            block = next(rest, b"")
        yield decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise _undecodable(error, lines, block, named) from error


def _undecodable(error: UnicodeError, lines: int, block: bytes, named: str | None) -> LogError:
    start = error.start if isinstance(error, UnicodeDecodeError) else 0
    line = lines + block[:start].count(b"\n")
    if named:
        return LogError(
            "wrong_encoding", f"line {line} is not {named} text", field="encoding", row=None
        )
    return LogError(
        "not_utf8",
        f"line {line} is not UTF-8 text; name the encoding of the file, such as cp1252,"
        " latin-1 or utf-16",
        field="encoding",
    )
