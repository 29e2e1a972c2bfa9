"""Infer the time of events that have none, from the dated events around them in their case.

Only blanks are filled, never texts that cannot be read, and only between two dated neighbours
in file order; the time is interpolated evenly by place.
"""

import polars as pl


def infer_times(
    case: pl.Series, *, dated: pl.Series, blank: pl.Series, duplicate: pl.Series
) -> pl.Series:
    """Return the inferred times, null wherever none is inferred.

    `dated` holds believable times only, `blank` marks the records to fill. A duplicate is
    nobody's neighbour: it tells nothing that its original did not.
    """
    nothing = pl.Series("inferred", [None], dtype=dated.dtype).new_from_index(0, len(case))
    if not blank.any():
        return nothing
    concerned = case.is_in(case.filter(blank).unique().implode()) & (blank | ~duplicate)
    found = (
        pl.DataFrame({"case": case, "dated": dated, "blank": blank})
        .with_row_index("place")
        .filter(concerned.fill_null(False))
        .with_columns(step=pl.int_range(pl.len()).over("case"))
        .with_columns(at=pl.when(pl.col("dated").is_not_null()).then("step"))
        .with_columns(
            before=pl.col("dated").forward_fill().over("case"),
            after=pl.col("dated").backward_fill().over("case"),
            before_at=pl.col("at").forward_fill().over("case"),
            after_at=pl.col("at").backward_fill().over("case"),
        )
        .filter(pl.col("blank") & pl.col("before").is_not_null() & pl.col("after").is_not_null())
        .select("place", inferred=_between())
    )
    return nothing.scatter(found["place"], found["inferred"])


def _between() -> pl.Expr:
    gap_us = (pl.col("after") - pl.col("before")).dt.total_microseconds()
    share = (pl.col("step") - pl.col("before_at")) / (pl.col("after_at") - pl.col("before_at"))
    return pl.col("before") + pl.duration(microseconds=(gap_us * share).cast(pl.Int64))
