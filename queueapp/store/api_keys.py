"""API keys: made, checked, listed, revoked. Only a digest of each secret is kept."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import replace

from queueapp.domain.api_key import Allowance, ApiKey, Role
from queueapp.domain.audit import Act
from queueapp.domain.errors import ValidationFailed
from queueapp.domain.scope import FLEET, MAX_ID, valid_id
from queueapp.store.acting import perform
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

TOKEN = re.compile(r"qa_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")
USE_WRITTEN_EVERY_MS = 60_000
# Compared when there is no such key, so that it takes the time of a wrong secret.
NO_DIGEST = "0" * 64


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class ApiKeys:
    """The keys of the whole installation."""

    def __init__(
        self,
        client: Client,
        keys: Keys,
        scripts: Scripts,
        *,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts
        self._random_bytes = random_bytes

    def create(
        self,
        user: str,
        role: Role,
        tenant: str | None = None,
        project: str | None = None,
        *,
        expires_ms: int | None = None,
        per_minute: int | None = None,
        act: Act | None = None,
        now_ms: int | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key; return it and its token, which is never seen again.

        ``per_minute``: its own rate, 0 for any. Raises: ValidationFailed.
        """
        _check(user, tenant, project)
        key_id = self._random_bytes(8).hex()
        token = f"qa_{key_id}_{_url_safe(self._random_bytes(32))}"
        receipt = perform(
            self._scripts,
            "create_key",
            FLEET,
            act,
            now_ms=now_ms,
            id=key_id,
            digest=_digest(token),
            user=user,
            role=role,
            tenant=tenant,
            project=project,
            expires=expires_ms,
            per_minute=per_minute,
        )
        made = ApiKey(key_id, user, role, tenant, project, receipt.facts["at_ms"])
        return replace(made, expires_ms=expires_ms, per_minute=per_minute), token

    def authenticate(
        self,
        token: str,
        *,
        admin_key: str | None = None,
        per_minute: int = 0,
        cost: int = 1,
        now_ms: int | None = None,
    ) -> ApiKey | None:
        """Return the key of a token, None unless it is good; ``admin_key`` is good everywhere.

        ``per_minute``: the usual rate, 0 for any. ``cost``: how many requests this one counts
        for; the key says whether it may make them. The admin key is not limited.
        """
        digest = _digest(token)
        if admin_key and hmac.compare_digest(digest, _digest(admin_key)):
            return ApiKey("admin", "admin", Role.ADMIN)
        match = TOKEN.fullmatch(token)
        if match is None:
            return None
        flat, *rate = self._scripts.call(
            "authenticate",
            id=match[1],
            digest=digest,
            every_ms=USE_WRITTEN_EVERY_MS,
            per_minute=per_minute,
            cost=cost,
            now_ms=now_ms,
        )
        row = dict(zip(flat[::2], flat[1::2], strict=True))
        if not hmac.compare_digest(row.get("digest", NO_DIGEST), digest):
            return None
        allowance = Allowance(*rate)
        limited = allowance if allowance.per_minute else None
        return replace(_decode(match[1], row), allowance=limited)

    def page(self, page: int, page_size: int) -> tuple[list[ApiKey], int]:
        """Return one page of the keys, revoked ones too, newest first, and how many there are."""
        first = (page - 1) * page_size
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.zrange(self._keys("api_keys"), first, first + page_size - 1, desc=True)
            pipe.zcard(self._keys("api_keys"))
            ids, total = pipe.execute()
            for key_id in ids:
                pipe.hgetall(self._keys("api_key", key_id))
            rows = pipe.execute()
        return [_decode(key_id, row) for key_id, row in zip(ids, rows, strict=True) if row], total

    def limit(self, key_id: str, per_minute: int | None, *, act: Act | None = None) -> None:
        """Give a key a rate of its own, 0 for any, None for the usual one. Raises: NotFound."""
        perform(self._scripts, "limit_key", FLEET, act, id=key_id, per_minute=per_minute)

    def revoke(self, key_id: str, *, act: Act | None = None, now_ms: int | None = None) -> int:
        """End a key for ever; return when that was, in ms. Raises: NotFound."""
        receipt = perform(self._scripts, "revoke_key", FLEET, act, now_ms=now_ms, id=key_id)
        return int(receipt.facts["at_ms"])


def _check(user: str, tenant: str | None, project: str | None) -> None:
    if not (user.isprintable() and 0 < len(user) <= MAX_ID):
        raise ValidationFailed(f"A user's name is printable and of 1 to {MAX_ID} characters.")
    if any(part is not None and not valid_id(part) for part in (tenant, project)):
        raise ValidationFailed(f"An id is printable, of 1 to {MAX_ID} characters, without a slash.")
    if project is not None and tenant is None:
        raise ValidationFailed("A key for a project needs the project's tenant too.")


def _url_safe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(key_id: str, row: dict[str, str]) -> ApiKey:
    return ApiKey(
        id=key_id,
        user=row["user"],
        role=Role(row["role"]),
        tenant=row.get("tenant"),
        project=row.get("project"),
        created_ms=int(row["created"]),
        revoked_ms=int(row["revoked"]) if "revoked" in row else None,
        last_used_ms=int(row["used"]) if "used" in row else None,
        expires_ms=int(row["expires"]) if "expires" in row else None,
        per_minute=int(row["per_minute"]) if "per_minute" in row else None,
    )
