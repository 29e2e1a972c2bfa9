"""Worked examples for the API document, one file per noun; tests check them against the schemas."""

from typing import Any

from queueapp.api.examples import data

BY_SCHEMA: dict[str, dict[str, Any]] = {
    "DatasetView": data.DATASET,
    "DatasetPage": data.DATASETS,
    "PipelineView": data.PIPELINE,
    "PipelinePage": data.PIPELINES,
}
