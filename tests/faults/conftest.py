"""Faults take minutes and shake the machine: they run when they are asked for, by their mark."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests of faults out unless `-m` names them, as `make faults` does."""
    if "faults" in str(config.option.markexpr):
        return
    left_out = [item for item in items if item.get_closest_marker("faults")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
