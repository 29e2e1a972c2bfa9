"""API keys: who holds one, what its role allows, which scopes it covers."""

from dataclasses import dataclass
from enum import StrEnum

from queueapp.domain.scope import Scope


class Role(StrEnum):
    """What a key may do, each role including the ones before it."""

    VIEWER = "viewer"
    SUBMITTER = "submitter"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Tell whether this role may do what ``other`` may do."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True)
class ApiKey:
    """A key as it is known: never its secret. No tenant means all, no project all of the tenant."""

    id: str
    user: str
    role: Role
    tenant: str | None = None
    project: str | None = None
    created_ms: int = 0
    revoked_ms: int | None = None
    last_used_ms: int | None = None

    def covers(self, scope: Scope) -> bool:
        """Tell whether the key may see anything of a scope."""
        return self.covers_tenant(scope.tenant) and self.project in (None, scope.project)

    def covers_tenant(self, tenant: str) -> bool:
        """Tell whether the key may see anything of a tenant."""
        return self.tenant in (None, tenant)
