"""Read a log file of any supported format into one raw table.

Called by uploads and by job children; repairs nothing, drops nothing.
"""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from queueapp.eventlog.delimited import read_delimited
from queueapp.eventlog.header import resolve
from queueapp.eventlog.log import RawLog, Source, shape
from queueapp.eventlog.model import (
    FORMATS,
    MAX_BYTES,
    MAX_COLUMNS,
    Columns,
    Format,
    LogError,
    ReadOptions,
)
from queueapp.eventlog.timestamps import known_zone
from queueapp.eventlog.unpack import chunks, utf8_file
from queueapp.eventlog.xes import default_columns, read_xes

_AS_DETECTED = ReadOptions()
#: What one cell of text costs in memory at the least.
_CELL_BYTES = 16
#: Spans of time cannot be cast to text; they are written as ISO 8601 instead.
_SPANS = pl.selectors.duration()


def read_log(
    path: Path,
    *,
    format: Format,  # noqa: A002 - the word of the interface
    columns: Columns | None = None,
    options: ReadOptions = _AS_DETECTED,
    on_rows: Callable[[int], None] | None = None,
    max_bytes: int = MAX_BYTES,
) -> RawLog:
    """Read every record of a log, in file order.

    `columns` None takes the well-known names. `on_rows` hears the number of records read so far,
    at least once, at the end. `max_bytes` bounds the unpacked size.
    Raises: LogError.
    """
    zone = known_zone(options.timezone)
    heard = on_rows or (lambda _rows: None)
    if format in ("csv", "csv.gz"):
        raw = _read_csv(
            path,
            format=format,
            columns=columns,
            options=options,
            zone=zone,
            max_bytes=max_bytes,
        )
    elif format in ("xes", "xes.gz"):
        raw = _read_xes(
            path, format=format, columns=columns, zone=zone, on_rows=heard, max_bytes=max_bytes
        )
    elif format == "parquet":
        raw = _read_parquet(path, columns, zone, max_bytes)
    else:
        raise LogError("unknown_format", f"{format!r} is not one of {', '.join(FORMATS)}")
    heard(raw.frame.height)
    return raw


def _read_csv(
    path: Path,
    *,
    format: Format,  # noqa: A002
    columns: Columns | None,
    options: ReadOptions,
    zone: str,
    max_bytes: int,
) -> RawLog:
    packed = format == "csv.gz"
    with utf8_file(path, packed=packed, encoding=options.encoding, max_bytes=max_bytes) as (
        text,
        encoding,
    ):
        table, delimiter = read_delimited(text, hint=options.delimiter, columns=columns)
    names = table.frame.columns
    source = Source(
        format=format,
        columns=resolve(names, columns),
        header=tuple(names),
        timezone=zone,
        delimiter=delimiter,
        encoding=encoding,
        blank_rows=table.blank_rows,
    )
    return shape(table.frame, source, overlong=table.overlong)


def _read_xes(
    path: Path,
    *,
    format: Format,  # noqa: A002
    columns: Columns | None,
    zone: str,
    on_rows: Callable[[int], None],
    max_bytes: int,
) -> RawLog:
    blocks = chunks(path, packed=format == "xes.gz", max_bytes=max_bytes)
    table = read_xes(blocks, on_rows=on_rows)
    names = table.columns
    source = Source(
        format=format,
        columns=resolve(names, columns or default_columns(names)),
        header=tuple(names),
        timezone=zone,
    )
    return shape(table, source)


def _read_parquet(path: Path, columns: Columns | None, zone: str, max_bytes: int) -> RawLog:
    try:
        lazy = pl.scan_parquet(path, glob=False)
        schema = lazy.collect_schema()
        rows = int(lazy.select(pl.len()).collect().item())
        _bound_parquet(rows, len(schema), max_bytes)
        flat = [name for name, dtype in schema.items() if _is_flat(dtype)]
        table = lazy.select(flat).with_columns(_SPANS.dt.to_string("iso")).collect()
    # Some damage makes the decoder panic, which is no ordinary exception.
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = str(error).splitlines()[0][:200]
        raise LogError("bad_parquet", f"the Parquet file cannot be read: {reason}") from error
    source = Source(
        format="parquet",
        columns=resolve(flat, columns),
        header=tuple(flat),
        timezone=zone,
        left_out=tuple(name for name in schema if name not in flat),
    )
    return shape(table, source)


def _bound_parquet(rows: int, width: int, max_bytes: int) -> None:
    if rows == 0:
        raise LogError("no_rows", "the Parquet file has no rows")
    if width > MAX_COLUMNS:
        raise LogError("too_large", f"the log has more than {MAX_COLUMNS} columns")
    if rows * width * _CELL_BYTES > max_bytes:
        raise LogError("too_large", f"{rows} rows of {width} columns exceed {max_bytes} bytes")


def _is_flat(dtype: pl.DataType) -> bool:
    return not dtype.is_nested() and dtype not in (pl.Binary, pl.Object)
