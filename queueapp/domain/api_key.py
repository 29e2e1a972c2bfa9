"""API keys: who holds one, what its role allows, which scopes it covers."""

from dataclasses import dataclass
from enum import StrEnum

from queueapp.domain.scope import Scope

MOST_PER_MINUTE = 1_000_000


class Role(StrEnum):
    """What a key may do, each role including the ones before it."""

    VIEWER = "viewer"
    SUBMITTER = "submitter"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Tell whether this role may do what ``other`` may do."""
        return _RANK[self] >= _RANK[other]


_RANK = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True)
class Allowance:
    """How many requests a key may make: a bucket of a minute's worth that fills evenly."""

    per_minute: int
    left: int
    #: Until all of it is back.
    full_ms: int
    #: Until the next request is let through; 0 is now.
    wait_ms: int


@dataclass(frozen=True)
class ApiKey:
    """A key as it is known: never its secret. No tenant means all, no project all of the tenant.

    ``per_minute``: its own rate, 0 for any, None for the usual one.
    """

    id: str
    user: str
    role: Role
    tenant: str | None = None
    project: str | None = None
    created_ms: int = 0
    revoked_ms: int | None = None
    last_used_ms: int | None = None
    expires_ms: int | None = None
    per_minute: int | None = None
    #: What is left to it after the request that it was asked for; None where nothing limits it.
    allowance: Allowance | None = None

    def covers(self, scope: Scope) -> bool:
        """Tell whether the key may see anything of a scope."""
        return self.covers_tenant(scope.tenant) and self.project in (None, scope.project)

    def covers_tenant(self, tenant: str) -> bool:
        """Tell whether the key may see anything of a tenant."""
        return self.tenant in (None, tenant)
