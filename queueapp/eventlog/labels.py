"""Find spellings of the same activity: stray blanks, other case, other Unicode composition."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Labels:
    """The labels of a log before and after a clean-up, and what it would rename."""

    before: int
    after: int
    #: Label as written -> the spelling to use; only those that differ.
    renamed: dict[str, str]


def find_variants(activity: pl.Series) -> Labels:
    """Map each label to the most frequent tidy spelling of it (the first seen, on a tie)."""
    tidy = pl.col("label").str.normalize("NFC").str.strip_chars().str.replace_all(r"\s+", " ")
    labels = (
        pl.DataFrame({"label": activity})
        .group_by("label", maintain_order=True)
        .agg(pl.len().alias("rows"))
        .with_columns(tidy=tidy)
        .with_columns(key=pl.col("tidy").str.to_lowercase())
    )
    chosen = (
        labels.group_by("key", "tidy", maintain_order=True)
        .agg(pl.col("rows").sum())
        .sort("rows", descending=True, maintain_order=True)
        .group_by("key", maintain_order=True)
        .agg(pl.col("tidy").first().alias("chosen"))
    )
    renamed = labels.join(chosen, on="key", maintain_order="left").filter(
        pl.col("label") != pl.col("chosen")
    )
    return Labels(
        before=labels.height,
        after=chosen.height,
        renamed=dict(zip(renamed["label"], renamed["chosen"], strict=True)),
    )
