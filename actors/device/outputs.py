"""What a device sent, as the job's result: what is too long for an answer goes into a file too."""

import json
from typing import Any

from queueapp import JobContext

INLINE_MAX = 200_000  # characters of JSON; the whole summary of a job may have a megabyte
CUT = "\n[… the rest is in output.json]"


class Outputs:
    """Collects what came back, by what was sent."""

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}

    def add(self, sent: str, got: Any) -> None:
        """Keep what came back; what is sent twice is numbered."""
        name, number = sent, 1
        while name in self._found:
            number += 1
            name = f"{sent} ({number})"
        self._found[name] = got

    def tell(self, job: JobContext) -> None:
        """Report everything; what is too long for an answer goes into a file as well."""
        whole = json.dumps(self._found, default=str)
        if len(whole) <= INLINE_MAX:
            job.summary(**json.loads(whole))
            return
        with job.artifact("output.json", type="Text", title="Output", primary=True) as file:
            file.write(whole.encode())
        each = INLINE_MAX // (2 * len(self._found))
        job.summary(**{name: _cut(got, each) for name, got in self._found.items()})
        job.warning(type="OutputCut", message="The output is cut; output.json has all of it.")


def _cut(got: Any, most: int) -> Any:
    text = got if isinstance(got, str) else json.dumps(got, default=str)
    return got if len(text) <= most else text[:most] + CUT
