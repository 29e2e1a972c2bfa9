"""Where tests find the optional reference data that lies beside a checkout."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared(path: str) -> Path:
    """Return a reference file, or skip the calling test where the data is absent."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"reference data {path} is not beside this checkout")
    return found
