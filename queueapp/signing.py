"""Signed links: who holds one may download one artifact until a time, without a key.

The API makes and checks them; the clock is the caller's.
"""

import base64
import hashlib
import hmac
import re

from queueapp.domain.errors import Gone, Unauthorized
from queueapp.domain.scope import Scope

TOKEN = re.compile(r"(?P<expires>[1-9][0-9]{0,11})\.(?P<mac>[A-Za-z0-9_-]{43})")
# Keeps these signatures apart from everything else that is ever signed with the same secret.
PURPOSE = b"queueapp artifact link 1"


def sign(secret: str, *, scope: Scope, artifact_id: str, expires_at_s: int) -> str:
    """Return a token for one artifact of one scope, good until a Unix time."""
    return f"{expires_at_s}.{_mac(secret, scope, artifact_id, expires_at_s)}"


def verify(secret: str, *, scope: Scope, artifact_id: str, token: str, now_s: float) -> None:
    """Accept a token that `sign` made for this artifact and that has not expired.

    Raises: Unauthorized when it was not made so, Gone when it was but its time is over.
    """
    match = TOKEN.fullmatch(token)
    if match is None:
        raise Unauthorized("The link's signature is not valid.")
    expires_at_s = int(match["expires"])
    expected = _mac(secret, scope, artifact_id, expires_at_s)
    if not hmac.compare_digest(expected, match["mac"]):
        raise Unauthorized("The link's signature is not valid.")
    if now_s >= expires_at_s:
        raise Gone


def _mac(secret: str, scope: Scope, artifact_id: str, expires_at_s: int) -> str:
    """Return the code of the fields, each led by its length so that none can run into the next."""
    fields = (scope.tenant, scope.project, artifact_id, str(expires_at_s))
    message = b"".join(len(raw).to_bytes(4) + raw for raw in (field.encode() for field in fields))
    key = hmac.digest(secret.encode(), PURPOSE, hashlib.sha256)
    raw = hmac.digest(key, message, hashlib.sha256)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
