"""Files that jobs write as their outputs: safe names, then size and digest.

Used by JobContext, inside the job's process. Publishing them is the worker's business.
"""

import hashlib
import io
import mimetypes
import re
from pathlib import Path
from typing import Any

NAME_MAX = 120
MEDIA_TYPES = {
    "csv": "text/csv",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "pkl": "application/octet-stream",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}
_UNSAFE = re.compile(r"[^\w.()+ -]+", re.ASCII)


class ArtifactFile(io.BufferedRandom):
    """A binary file that knows its path, for libraries that want to write it themselves."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path, "x+"))
        self.path = path


def safe_name(name: str) -> str:
    """Make a plain file name of what a job chose: no folders, no odd characters."""
    last = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    plain = _UNSAFE.sub("_", last).strip(" .")
    stem, dot, suffix = plain.rpartition(".")
    if len(plain) > NAME_MAX and dot and len(suffix) < 20:
        plain = stem[: NAME_MAX - len(suffix) - 1] + dot + suffix
    return plain[:NAME_MAX] or "artifact"


def open_artifact(folder: Path, name: str) -> ArtifactFile:
    """Open a new file of that name; a second one of the same name gets a number."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = Path(safe_name(name))
    number = 1
    while True:
        numbered = wanted.name if number == 1 else f"{wanted.stem}-{number}{wanted.suffix}"
        try:
            return ArtifactFile(folder / numbered)
        except FileExistsError:
            number += 1


def describe(
    path: Path,
    *,
    format: str | None = None,  # noqa: A002 - the public word for it
    media_type: str | None = None,
) -> dict[str, Any]:
    """Measure a finished file: name, format, media type, size and SHA-256."""
    form = format or path.suffix.lstrip(".").lower() or "bin"
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "name": path.name,
        "format": form,
        "media_type": media_type or media_type_of(form, path.name),
        "size_bytes": path.stat().st_size,
        "sha256": sha256,
    }


def media_type_of(form: str, name: str) -> str:
    """Name the media type of a file by its format, else by its name."""
    guess = mimetypes.guess_type(name)[0]
    return MEDIA_TYPES.get(form.lower()) or guess or "application/octet-stream"
