"""Rewrite the time notations that are not ISO 8601 as ISO texts.

Used by the timestamp reader for the rows that its fast path leaves over.
"""

import polars as pl

_TIME = (
    r"(?:(?:[Tt]|,?\s+)(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2}))?"
    r"(?:[.,](?<fraction>\d{1,9}))?(?:\s*(?<half>[AaPp])\.?[Mm]\.?)?)?"
    r"\s*(?<zone>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
)
_YEAR_FIRST = r"^(?<year>\d{4})[-/.](?<month>\d{1,2})[-/.](?<day>\d{1,2})" + _TIME
_YEAR_LAST = r"^(?<first>\d{1,2})[-/.](?<then>\d{1,2})[-/.](?<year>\d{4})" + _TIME
_DAY_NAMED = (
    r"^(?:[A-Za-z]{3,9},?\s+)?(?<day>\d{1,2})[- ](?<named>[A-Za-z]{3,9})\.?[-, ]\s*(?<year>\d{4})"
    + _TIME
)
_NAMED_DAY = r"^(?<named>[A-Za-z]{3,9})\.?\s+(?<day>\d{1,2}),?\s+(?<year>\d{4})" + _TIME
_COMPACT = (
    r"^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})"
    r"(?:[Tt ]?(?<hour>\d{2})(?<minute>\d{2})(?<second>\d{2})?(?:[.,](?<fraction>\d{1,9}))?)?"
    r"\s*(?<zone>[Zz]|[+-]\d{2}(?::?\d{2})?)?$"
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
#: Digits of an epoch number -> its unit in microseconds; 9 to 10 digits are 1973 to 2286.
_EPOCH_UNITS = {9: 10**6, 10: 10**6, 12: 10**3, 13: 10**3, 15: 1, 16: 1}


def day_month_order(text: pl.Series) -> tuple[bool, bool]:
    """Decide whether dates such as 03/04/2024 begin with the day, for a whole column.

    The order that reads more rows wins, day first on a tie. The second value tells that the
    column itself could not decide.
    """
    parts = _groups(text, _YEAR_LAST)
    first, then = (parts[name].cast(pl.Int32, strict=False) for name in ("first", "then"))
    as_day_first = int(((first <= 31) & (then <= 12)).sum() or 0)
    as_month_first = int(((then <= 31) & (first <= 12)).sum() or 0)
    undecided = int(((first <= 12) & (then <= 12) & (first != then)).sum() or 0)
    tied = as_day_first == as_month_first
    return as_day_first >= as_month_first, tied and undecided > 0


def to_iso(text: pl.Series, *, day_first: bool) -> pl.Series:
    """Rewrite each text as YYYY-MM-DDThh:mm:ss[.f][zone]; null where no notation fits."""
    day, month = ("first", "then") if day_first else ("then", "first")
    read = [
        _groups(text, _YEAR_FIRST),
        _groups(text, _YEAR_LAST).rename({day: "day", month: "month"}),
        _named_month(_groups(text, _DAY_NAMED)),
        _named_month(_groups(text, _NAMED_DAY)),
        _groups(text, _COMPACT),
    ]
    texts = [parts.select(_iso(parts.columns)).to_series() for parts in read]
    return pl.select(pl.coalesce(*texts, _epoch(text))).to_series()


def _groups(text: pl.Series, pattern: str) -> pl.DataFrame:
    return text.str.extract_groups(pattern).struct.unnest()


def _named_month(parts: pl.DataFrame) -> pl.DataFrame:
    numbers = {name: f"{number:02}" for number, name in enumerate(_MONTHS, 1)}
    key = pl.col("named").str.slice(0, 3).str.to_lowercase()
    month = key.replace_strict(numbers, default=None, return_dtype=pl.String)
    return parts.with_columns(month.alias("month"))


def _iso(columns: list[str]) -> pl.Expr:
    def two(name: str) -> pl.Expr:
        return pl.col(name).fill_null("0").str.zfill(2)

    hour = two("hour")
    if "half" in columns:
        hour = pl.when(pl.col("half").is_null()).then(hour).otherwise(_hour_of_24())
    fraction = (
        pl.when(pl.col("fraction").is_null()).then(pl.lit("")).otherwise("." + pl.col("fraction"))
    )
    return pl.concat_str(
        pl.col("year"),
        "-" + pl.col("month").str.zfill(2),
        "-" + pl.col("day").str.zfill(2),
        "T" + hour,
        ":" + two("minute"),
        ":" + two("second"),
        fraction,
        pl.col("zone").fill_null(""),
    )


def _hour_of_24() -> pl.Expr:
    """Turn 1-12 with a or p into 00-23; other hours become null."""
    hour = pl.col("hour").cast(pl.Int32, strict=False)
    noon = pl.when(pl.col("half").str.to_lowercase() == "p").then(12).otherwise(0)
    return pl.when(hour.is_between(1, 12)).then(hour % 12 + noon).cast(pl.String).str.zfill(2)


def _epoch(text: pl.Series) -> pl.Series:
    """Read seconds, milliseconds or microseconds since 1970, told apart by their digits."""
    whole = pl.col("text").str.extract(r"^(\d{9,16})(?:[.,]\d+)?$", 1)
    unit = whole.str.len_bytes().replace_strict(_EPOCH_UNITS, default=None, return_dtype=pl.Int64)
    part = pl.col("text").str.extract(r"^\d{9,10}[.,](\d+)$", 1)
    micros = part.str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64).fill_null(0)
    instant = pl.from_epoch(whole.cast(pl.Int64) * unit + micros, time_unit="us")
    return (
        pl.DataFrame({"text": text})
        .select(instant.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
        .to_series()
    )
