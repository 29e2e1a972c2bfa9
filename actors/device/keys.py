"""Private keys as callers send them: text, of any of the usual kinds."""

import io
from typing import Any

from queueapp import BadInput


def private_key(text: str, passphrase: str | None) -> Any:
    """Return a key that paramiko can use. Raises: BadInput."""
    from paramiko import ECDSAKey, Ed25519Key, RSAKey, SSHException

    for kind in (Ed25519Key, ECDSAKey, RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text), passphrase)
        except (SSHException, ValueError):
            continue
    raise BadInput("The private key cannot be read with this passphrase.", field="pkey")
