"""Datasets over HTTP: real logs, packed ones, Parquet and hints are read as they are."""

import gzip
import hashlib
from typing import Any

import pytest

from queueapp.domain.scope import Scope
from tests import factories
from tests.integration.data.described import SHOWN, json
from tests.integration.data.wire import COLUMNS, LOG, Api
from tests.shared_data import shared


@pytest.mark.parametrize(
    ("name", "rows"),
    [("running-example.csv", 42), ("running-example.xes", 42), ("receipt.xes.gz", 8577)],
)
def test_real_logs_are_read_with_the_usual_names(api: Api, name: str, rows: int) -> None:
    """CSV and XES need no column names where theirs are the usual ones."""
    path = shared(f"eventlogs/{name}")
    response = api.upload(path.read_bytes(), filename=name, fields={})

    assert (response.status_code, json(response)["rows"]) == (201, rows)
    assert json(response)["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_packed_log_is_kept_packed(api: Api) -> None:
    """CSV.gz is stored as sent and read unpacked."""
    packed = gzip.compress(LOG, mtime=0)
    body = json(api.upload(packed, filename="log.csv.gz"))

    assert (body["format"], body["rows"], body["sizeBytes"]) == ("csv.gz", 4, len(packed))


def test_parquet_is_read(api: Api, tmp_path: Any) -> None:
    """A table with typed columns needs no hints."""
    import polars as pl

    path = tmp_path / "log.parquet"
    pl.read_csv(LOG, try_parse_dates=True).write_parquet(path)
    body = json(api.upload(path.read_bytes(), filename="log.parquet"))

    assert (body["format"], body["rows"], body["cases"]) == ("parquet", 4, 2)


def test_hints_are_used_and_the_name_has_a_default(api: Api) -> None:
    """Delimiter, encoding and time zone hold; empty fields are as if absent."""
    text = "case;act;at\n1;Müller;01.01.2024 10:00:00\n1;B;02.01.2024 10:00:00\n"
    fields = {
        **COLUMNS,
        "name": "",
        "delimiter": ";",
        "encoding": "cp1252",
        "timezone": "Europe/Amsterdam",
        "resource": "",
    }
    body = json(api.upload(text.encode("cp1252"), filename="dir/März.csv", fields=fields))

    assert (body["name"], body["rows"], body["invalidRows"]) == ("März.csv", 2, 0)
    assert body["period"]["startDate"] == "2024-01-01T09:00:00Z"
    assert body["options"] == {
        "delimiter": ";",
        "encoding": "cp1252",
        "timezone": "Europe/Amsterdam",
    }


def test_a_dataset_can_be_worked_on_at_once(api: Api) -> None:
    """The engine finds what the API stored."""
    factories.add_worker(api.store)
    api.upload()

    assert api.store.datasets.get(Scope("acme", "sales"), "d").sha256 == SHOWN["sha256"]
