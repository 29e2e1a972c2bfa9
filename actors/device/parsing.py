"""Turns a device's output into records with TextFSM."""

import io
from typing import Any

from queueapp import BadInput


def records_of(output: str, template: str) -> list[dict[str, Any]]:
    """Return the records that a template finds. Raises: BadInput for one that cannot be used."""
    from textfsm import TextFSM
    from textfsm.parser import Error

    try:
        return list(TextFSM(io.StringIO(template)).ParseTextToDicts(output))
    except Error as error:
        raise BadInput(f"The template does not work: {error}", field="parsing/template") from error
