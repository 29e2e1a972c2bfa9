"""A catalogue with one job type."""

from typing import Any

JOB_TYPES: dict[str, Any] = {
    "jobTypes": [
        {
            "name": "WordCount",
            "description": "Count the words of a text.",
            "parameters": {
                "type": "object",
                "properties": {"text": {"type": "string"}, "top": {"type": "integer"}},
                "required": ["text"],
                "additionalProperties": False,
            },
            "resourceTypes": [],
            "datasets": [],
            "stages": ["Counting", "Writing"],
            "outputs": ["WordCounts"],
            "resourceRequirements": {"cpuUnits": 1, "memoryGB": 0.25},
            "retries": {"maxAttempts": 1, "delaySeconds": 30.0, "maxDelaySeconds": 3600.0},
            "isolation": "process",
            "workers": 2,
        }
    ]
}
