"""A cleaned log as codes: what every analysis reads instead of a frame of strings.

Built once per job from the cleaned frame, which must be sorted by case and time.
Twenty-five bytes an event, whatever the log's labels and attributes are.
"""

from dataclasses import dataclass

import polars as pl

MICROSECOND = 1_000_000


@dataclass(frozen=True)
class Events:
    """Events in case order with integer codes; the code of a name is its place in its list.

    Shape: frame has `case`, `activity`, `resource` (null where unknown) as UInt32, `time` as
    microseconds since 1970, `start` likewise where the log has start times, `index` (place in
    the case, from 0) and `gap` (microseconds since the previous event, null for the first).
    """

    frame: pl.DataFrame
    case_ids: pl.Series
    activities: list[str]
    resources: list[str]

    @property
    def has_start(self) -> bool:
        """Whether the log tells when work on an event began."""
        return "start" in self.frame.columns

    @property
    def n_cases(self) -> int:
        """The number of cases."""
        return len(self.case_ids)


def encode(log: pl.DataFrame) -> Events:
    """Turn a cleaned log, sorted by case and time, into codes."""
    opens = (log["case"] != log["case"].shift()).fill_null(value=True)
    activity, activities = _codes(log["activity"])
    columns = [
        (opens.cum_sum() - 1).cast(pl.UInt32).alias("case"),
        activity.alias("activity"),
        log["time"].dt.epoch("us").alias("time"),
    ]
    resources: list[str] = []
    if "resource" in log.columns:
        resource, resources = _codes(log["resource"])
        columns.append(resource.alias("resource"))
    else:
        columns.append(pl.Series("resource", [None], dtype=pl.UInt32).new_from_index(0, log.height))
    if "start" in log.columns and log["start"].null_count() < log.height:
        columns.append(log["start"].dt.epoch("us").alias("start"))
    frame = _with_places(pl.DataFrame(columns), opens)
    return Events(frame, log["case"].filter(opens), activities, resources)


def _codes(labels: pl.Series) -> tuple[pl.Series, list[str]]:
    names = labels.drop_nulls().unique().sort().to_list()
    codes = labels.cast(pl.Enum(names)).to_physical().cast(pl.UInt32)
    return codes, names


def _with_places(frame: pl.DataFrame, opens: pl.Series) -> pl.DataFrame:
    row = pl.int_range(pl.len(), dtype=pl.UInt32)
    first = pl.when(opens).then(row).forward_fill()
    gap = pl.when(~opens).then(pl.col("time").diff())
    return frame.with_columns((row - first).alias("index"), gap.alias("gap"))
