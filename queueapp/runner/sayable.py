"""What a job may say: values that the store keeps and every reader of JSON can read.

The job's context refuses others where they are said, in the job's own code; the ledger, which
trusts nothing that comes from a job's process, refuses them again. Pure.
"""

import json
from typing import Any

NESTED_MAX = 100
WHOLE_MAX = 2**63 - 1


def check_sayable(value: object, nested: int = NESTED_MAX) -> None:
    """Refuse whole numbers of more than 64 bits, and values within too many others.

    Raises: ValueError.
    """
    if isinstance(value, int):
        if not -WHOLE_MAX <= value <= WHOLE_MAX:
            raise ValueError("a whole number has more than 64 bits")
    elif isinstance(value, dict | list | tuple):
        if not nested:
            raise ValueError(f"values are nested in more than {NESTED_MAX} others")
        for one in value.values() if isinstance(value, dict) else value:
            check_sayable(one, nested - 1)


def mended(event: dict[str, Any]) -> dict[str, Any]:
    """Put question marks for halves of characters, as names of files that are no UTF-8 have them.

    No file and no store takes those, and how a job ended must not be lost over its message.
    """
    text = json.dumps(event, ensure_ascii=False, default=str)
    try:
        text.encode()
    except UnicodeEncodeError:
        replaced: dict[str, Any] = json.loads(text.encode(errors="replace"))
        return replaced
    return event
