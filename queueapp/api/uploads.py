"""Takes a multipart upload from the wire to a file on disk, never whole in memory.

The upload blueprints call it. The file lives as long as the ``with``, and a later upload sweeps
what a killed process left behind.
"""

import contextlib
import errno
import fcntl
import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from queueapp.api.errors import PayloadTooLarge, UnsupportedMediaType
from queueapp.domain.errors import Unavailable, ValidationFailed

FILE_FIELD = "file"
FILE_POINTER = f"/{FILE_FIELD}"
# Also bounds what the parser buffers, which is one chunk of 64 KiB and the end of the one before.
MAX_FIELDS_BYTES = 256 << 10
MAX_PARTS = 32
# What a multipart body has beside the file: the fields and the parts' heads.
ENVELOPE_BYTES = MAX_FIELDS_BYTES + (16 << 10)
SUFFIX = ".upload"


@dataclass(frozen=True)
class Received:
    """An upload on disk: the file's path, name, size and digest, and the text fields."""

    path: Path
    filename: str | None
    size_bytes: int
    sha256: str
    fields: dict[str, str]


class _Spool(io.FileIO):
    """A file on disk that measures what is written to it, and refuses too much of it."""

    def __init__(self, path: Path, limit: int) -> None:
        super().__init__(path, "x+")
        # The kernel lets go of the lock when this process dies, whatever kills it.
        fcntl.flock(self, fcntl.LOCK_EX)
        self.path = path
        self.limit = limit
        self.size_bytes = 0
        self.digest = hashlib.sha256()

    def write(self, data: Any) -> int:
        """Write all of the data."""
        self.size_bytes += len(data)
        if self.size_bytes > self.limit:
            raise _too_large(self.limit)
        self.digest.update(data)
        left = memoryview(data)
        while left:
            left = left[super().write(left) :]
        return len(data)


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"A file may have at most {limit >> 20} MiB.")


@contextlib.contextmanager
def received_upload(folder: Path, max_bytes: int) -> Iterator[Received]:
    """Give the upload of the present request as a file in ``folder``, gone after the ``with``.

    Raises: ValidationFailed, UnsupportedMediaType, PayloadTooLarge, Unavailable (disk full).
    """
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType("The body must be multipart/form-data.")
    spools: list[_Spool] = []

    def spool(**_: object) -> _Spool:
        if spools:
            raise ValidationFailed(
                "Send exactly one file.", errors=[(FILE_POINTER, "There is more than one file.")]
            )
        spools.append(_open_spool(folder, max_bytes))
        return spools[0]

    try:
        form, files = _parsed(spool, max_bytes)
        yield _received(form, files, spools)
    finally:
        for one in spools:
            one.path.unlink(missing_ok=True)
            one.close()


def _open_spool(folder: Path, limit: int) -> _Spool:
    folder.mkdir(mode=0o700, exist_ok=True, parents=True)
    _sweep(folder)
    while True:
        spool = _Spool(folder / f"{os.urandom(16).hex()}{SUFFIX}", limit)
        if spool.path.exists():
            return spool
        # Another upload's sweep came between the making of the file and its lock.
        spool.close()


def _sweep(folder: Path) -> None:
    """Delete the files whose writers have died."""
    for path in folder.glob(f"*{SUFFIX}"):
        with contextlib.suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def _parsed(spool: Any, max_bytes: int) -> tuple[MultiDict[str, str], MultiDict[str, FileStorage]]:
    request.max_content_length = max_bytes + ENVELOPE_BYTES
    parser = FormDataParser(
        spool, max_form_memory_size=MAX_FIELDS_BYTES, max_form_parts=MAX_PARTS, silent=False
    )
    try:
        _, form, files = parser.parse(
            request.stream, request.mimetype, request.content_length, request.mimetype_params
        )
    except RequestEntityTooLarge as error:
        raise _too_large(max_bytes) from error
    except ValueError as error:
        raise ValidationFailed(
            "The multipart body is malformed or ends too early.",
            errors=[(FILE_POINTER, "It did not arrive whole.")],
        ) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Unavailable("There is no room for the upload.") from error
    return form, files


def _received(
    form: MultiDict[str, str], files: MultiDict[str, FileStorage], spools: list[_Spool]
) -> Received:
    if FILE_FIELD not in files:
        message = "The file is missing: send it as a part with a file name."
        raise ValidationFailed(message, errors=[(FILE_POINTER, message)])
    repeated = [name for name, values in form.lists() if len(values) > 1]
    if repeated:
        errors = [(f"/{name}", "It is given twice.") for name in repeated]
        raise ValidationFailed("A field is given twice.", errors=errors)
    spooled = spools[0]
    return Received(
        path=spooled.path,
        filename=files[FILE_FIELD].filename,
        size_bytes=spooled.size_bytes,
        sha256=spooled.digest.hexdigest(),
        fields=form.to_dict(),
    )
