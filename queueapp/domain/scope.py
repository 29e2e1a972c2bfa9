"""A scope: a tenant and a project together, the unit of isolation."""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote

MAX_ID = 128
ID_RULE = f"It must be 1 to {MAX_ID} printable characters without a slash, and no . or .. alone."


@lru_cache(maxsize=4096)
def encode_part(part: str) -> str:
    """Return an id made safe for a store key or an object path; no two ids collide."""
    return quote(part, safe="").replace("~", "%7E").replace(".", "%2E")


def valid_id(text: str) -> bool:
    """Tell whether a text may be an id, as ``ID_RULE`` says.

    Clients take the parts ``.`` and ``..`` out of an address before they send it.
    """
    fits = 0 < len(text) <= MAX_ID and text.isprintable()
    return fits and "/" not in text and text not in (".", "..")


@dataclass(frozen=True, order=True)
class Scope:
    """The tenant and the project that a thing belongs to."""

    tenant: str
    project: str

    @property
    def key(self) -> str:
        """The scope as part of a store key: both ids percent-encoded, joined by a slash."""
        return f"{encode_part(self.tenant)}/{encode_part(self.project)}"

    @classmethod
    def from_key(cls, key: str) -> "Scope":
        """Return the scope that ``key`` names."""
        return _from_key(key)


#: What concerns the workers and keys of all, not one project; no tenant can have this name.
FLEET = Scope("", "")


@lru_cache(maxsize=1024)
def _from_key(key: str) -> Scope:
    tenant, project = key.split("/")
    return Scope(unquote(tenant), unquote(project))
