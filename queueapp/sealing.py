"""Seals what only a worker may read, such as a device's password, before it is stored.

The web process seals, the worker opens and hands it to the job's process. What was sealed is bound
to what it is for, and cannot be opened for anything else. Needs the extra ``devices``.
"""

import base64
import binascii
import os
from collections.abc import Sequence
from typing import Any

import orjson

from queueapp.domain.errors import QueueappError

PURPOSE = b"queueapp sealed secrets 1"
NAMING = b"queueapp name of a sealing key 1"
FORM = "1"
NONCE_BYTES = 12


class CannotSeal(QueueappError):
    """This process has no library to seal secrets with; install queueapp[devices]."""

    code = "unavailable"


class CannotOpen(QueueappError):
    """The secrets cannot be opened."""

    code = "credentials_unreadable"


class Sealer:
    """Seals with the first secret, and opens what was sealed with any of them.

    ``for_what`` is told again to open: a text that was taken elsewhere stays shut.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = {_derived(one, NAMING)[:4].hex(): _derived(one, PURPOSE) for one in secrets}
        self._first = next(iter(self._keys))

    def seal(self, values: dict[str, Any], *, for_what: str) -> str:
        """Return the values as a text that tells nothing of them but their length."""
        nonce = os.urandom(NONCE_BYTES)
        shut = _cipher(self._keys[self._first]).encrypt(
            nonce, orjson.dumps(values), _tied(for_what)
        )
        return f"{FORM}.{self._first}.{base64.urlsafe_b64encode(nonce + shut).decode()}"

    def open(self, text: str, *, for_what: str) -> dict[str, Any]:
        """Return what was sealed. Raises: CannotOpen, saying why."""
        from cryptography.exceptions import InvalidTag

        form, _, rest = text.partition(".")
        name, _, packed = rest.partition(".")
        if form != FORM or name not in self._keys:
            raise CannotOpen(
                "This worker has not the key that the job's secrets were sealed with: give all "
                "processes the same QUEUEAPP_SECRET_KEY, and former ones in "
                "QUEUEAPP_OLD_SECRET_KEYS."
            )
        try:
            raw = base64.b64decode(packed, altchars=b"-_", validate=True)
            nonce, shut = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
            plain = _cipher(self._keys[name]).decrypt(nonce, shut, _tied(for_what))
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise CannotOpen(
                "The job's secrets were altered, or sealed for another use."
            ) from error
        opened: dict[str, Any] = orjson.loads(plain)
        return opened


def _tied(for_what: str) -> bytes:
    return for_what.encode()


def _derived(secret: str, purpose: bytes) -> bytes:
    try:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    except ImportError as error:
        raise CannotSeal from error
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose)
    return kdf.derive(secret.encode())


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
