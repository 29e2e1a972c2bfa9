"""A dataset as a job sees it: a file with a description, which can be read row by row.

Values come as the file has them: text from CSV and XES, typed values from Parquet.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from queueapp.job_errors import BadInput

Row = dict[str, Any]

SAMPLE_CHARS = 65_536
SLICE_ROWS = 10_000


@dataclass(frozen=True)
class DatasetInput:
    """A dataset that a job reads, as a file on this machine."""

    parameter: str
    id: str
    name: str
    format: str
    path: Path
    columns: dict[str, str | None] | None
    options: dict[str, Any]
    sha256: str

    def rows(self) -> Iterator[Row]:
        """Read the dataset row by row, each row a dictionary by column name.

        Raises: BadInput when the file is not what its format says.
        """
        from queueapp.eventlog import MAX_BYTES, LogError

        reader = _READERS.get(self.format.removesuffix(".gz"))
        if reader is None:
            raise BadInput(f"{self.name} is of the unknown format {self.format!r}")
        try:
            yield from reader(self, MAX_BYTES)
        except (LogError, csv.Error) as error:
            raise BadInput(f"{self.name} cannot be read: {error}", self.parameter) from error


def _delimited(dataset: DatasetInput, max_bytes: int) -> Iterator[Row]:
    from queueapp.eventlog.delimited import delimiter_of
    from queueapp.eventlog.unpack import utf8_file

    packed, encoding = dataset.format.endswith(".gz"), dataset.options.get("encoding")
    unpacked = utf8_file(dataset.path, packed=packed, encoding=encoding, max_bytes=max_bytes)
    with unpacked as (path, _), path.open(encoding="utf-8-sig", newline="") as text:
        delimiter = delimiter_of(text.read(SAMPLE_CHARS), dataset.options.get("delimiter"), None)
        text.seek(0)
        yield from csv.DictReader(text, delimiter=delimiter)


def _xes(dataset: DatasetInput, max_bytes: int) -> Iterator[Row]:
    from queueapp.eventlog.unpack import chunks
    from queueapp.eventlog.xes import read_xes

    packed = dataset.format.endswith(".gz")
    blocks = chunks(dataset.path, packed=packed, max_bytes=max_bytes)
    yield from read_xes(blocks, on_rows=lambda _rows: None).iter_rows(named=True)


def _parquet(dataset: DatasetInput, _max_bytes: int) -> Iterator[Row]:
    import polars as pl

    try:
        table = pl.read_parquet(dataset.path)
    except pl.exceptions.PolarsError as error:
        raise BadInput(f"{dataset.name} is no Parquet file: {error}", dataset.parameter) from error
    for part in table.iter_slices(SLICE_ROWS):
        yield from part.iter_rows(named=True)


_READERS = {"csv": _delimited, "xes": _xes, "parquet": _parquet}
