"""Who acts in a request, and why: what every write of the store is given.

The scripts that act write it down; views only say it.
"""

from flask import g

from queueapp.api.auth import key
from queueapp.domain.api_key import Role
from queueapp.domain.audit import Act


def acting(reason: str | None = None) -> Act:
    """Return who acts in this request, and why."""
    return Act(key().user, reason, g.request_id)


def bound_to() -> str | None:
    """Return the user whose jobs the key may steer; None is anybody's."""
    return None if key().role.includes(Role.OPERATOR) else key().user
