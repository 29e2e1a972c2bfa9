"""The report's last part: anomalies, data quality and method."""

import json
from typing import Any

from actors.mining.markup import label, text
from actors.mining.page.html import Column, bar, details, number, section, table
from actors.mining.wording import count, duration, plural, share

_PARTS = {
    "completeness": "Case, activity, time and resource are filled in",
    "validity": "Rows can be used",
    "uniqueness": "Rows are no exact duplicates",
    "consistency": "Events are in order, labels are written one way",
    "precision": "Times are finer than whole days and minutes",
}


def anomalies_section(document: dict[str, Any]) -> str:
    """List what stands out, each kind with its rule."""
    anomalies = document["anomalies"]
    lead = (
        f"{plural(anomalies['total'], 'finding')}. A finding is a place to look at, not an error; "
        "the rule stands with each kind."
    )
    return section("anomalies", "Anomalies", lead, *(_kind(kind) for kind in anomalies["kinds"]))


def _kind(kind: dict[str, Any]) -> str:
    head = f"<h3>{text(kind['title'])}: {count(kind['found'])}</h3>"
    rule = f'<p class="note">{text(kind["rule"])}</p>'
    if not kind["items"]:
        return head + rule
    rows = [(f"<code>{label(i['case'])}</code>", text(i["reason"])) for i in kind["items"]]
    shown = len(rows)
    caption = kind["title"] + (f", the first {shown}" if kind["found"] > shown else "")
    columns = (Column("Case"), Column("Why"))
    first = table(caption, columns, rows[:5])
    rest = details(f"All {shown} listed", table(caption, columns, rows)) if shown > 5 else ""
    return head + rule + first + rest


def quality_section(document: dict[str, Any]) -> str:
    """Show the score with its parts, the counts and what was repaired."""
    quality = document["quality"]
    total, valid = quality["totalRecords"], quality["validRecords"]
    removed, invalid = quality["duplicatesRemoved"], quality["invalidRecords"]
    lead = (
        f"{plural(total, 'record')} read = {count(valid)} valid + {count(removed)} duplicates "
        f"removed + {count(invalid)} invalid."
    )
    if quality["score"] is not None:
        lead = f"Score <strong>{quality['score']:g}</strong> of 100. " + lead
    if quality.get("outsideWindow"):
        lead += f" {plural(quality['outsideWindow'], 'valid record')} lie outside the time window."
    return section("quality", "Data quality", lead, _parts(quality), _findings(quality))


def _parts(quality: dict[str, Any]) -> str:
    rows = [
        (text(name.capitalize()), text(_PARTS.get(name, "")), bar(value, share(value)))
        for name, value in quality["parts"].items()
    ]
    columns = (Column("Part"), Column("Measures that"), number("Score"))
    return table("The parts of the score", columns, rows) if rows else ""


_REPAIRED = {
    "duplicate_rows": "duplicates_removed",
    "blank_timestamps": "timestamps_inferred",
    "label_variants": "labels_normalised",
}


def _findings(quality: dict[str, Any]) -> str:
    """List repairs, unusable records and what else was noticed; a repair is told only once."""
    done = {item["type"] for item in quality["repairs"]}
    noticed = [item for item in quality["warnings"] if _REPAIRED.get(item["type"]) not in done]
    kinds = (("Repaired", quality["repairs"]), ("Invalid", quality["problems"]), ("Noted", noticed))
    rows = [
        (kind, text(item["message"]), count(item["count"]))
        for kind, items in kinds
        for item in items
    ]
    if not rows:
        return '<p class="note">Nothing had to be repaired and nothing was found wrong.</p>'
    columns = (Column("Kind"), Column("What"), number("Records"))
    return table("Repairs and findings", columns, rows)


_TERMS = {
    "Order": "Events of a case by time; those of the same time keep their order in the file.",
    "Variant": "The sequence of activities of a case, from its first to its last event.",
    "Happy path": (
        "The most frequent variant of two events or more whose first activity opens and whose "
        "last activity closes at least 5 % of the cases."
    ),
    "Case time": "Elapsed time from first to last event, nights and weekends included.",
    "Quantiles": "With linear interpolation between neighbouring values.",
    "Rework": "A case in which any activity occurs twice or more.",
    "Times of day": "All times are in UTC.",
    "Quality score": (
        "100 × (0.30 completeness + 0.25 validity + 0.15 uniqueness + 0.15 consistency + "
        "0.15 precision), measured on the input as it came."
    ),
}


def method_section(document: dict[str, Any]) -> str:
    """Tell the definitions, the parameters and where the data came from."""
    dataset, model = document["dataset"], document.get("model")
    facts = {**_TERMS, **({"Prediction": _model(model)} if model else {})}
    facts["Data set"] = f"{dataset['name']} ({dataset['id']}, {dataset['format']})"
    facts["SHA-256 of the input"] = dataset["sha256"]
    facts["Parameters"] = ", ".join(_spoken(*one) for one in document["parameters"].items())
    facts["Made with"] = ", ".join(f"{name} {v}" for name, v in document["versions"].items())
    rows = "".join(f"<dt>{text(name)}</dt><dd>{text(what)}</dd>" for name, what in facts.items())
    return section("method", "Method", "", f'<dl class="defs">{rows}</dl>')


def _spoken(name: str, value: Any) -> str:
    return f"{name}: {value if isinstance(value, str) else json.dumps(value)}"


def _model(model: dict[str, Any]) -> str:
    if model["accuracy"] is None:
        return "The log has too few cases to hold any out, so the model was not measured."
    told = (
        f"The next activity was right in {share(model['accuracy'])} of "
        f"{plural(model['testPredictions'], 'prediction')} on the last "
        f"{plural(model['testCases'], 'case')} by start, which the model had not seen; always "
        f"naming the most frequent one is right in {share(model['majorityAccuracy'])}. "
    )
    error = duration(model["remainingErrorSeconds"])
    base = duration(model["remainingBaselineErrorSeconds"])
    if model["predictsRemainingTime"]:
        return told + f"Remaining time (experimental): mean error {error}, the median alone {base}."
    return told + f"Remaining time is left out: mean error {error}, the median alone {base}."
