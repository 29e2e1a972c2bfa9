"""Settles the tier that a message is enqueued into.

Dramatiq's own priorities order only what a worker has already fetched; ours order the queue.
``actor.send_with_options(priority="High")`` and jobs from the API both pass through here.
"""

from dataclasses import replace
from typing import Any

import dramatiq
from dramatiq.middleware import Middleware, MiddlewareError

from queueapp.domain.queue import Priority


class UnknownPriority(MiddlewareError):
    """A message names a priority that does not exist."""


def settle(wanted: object) -> Priority:
    """Return the priority that ``wanted`` names in any case.

    Raises: UnknownPriority.
    """
    names = {str(level).lower(): level for level in Priority}
    found = names.get(str(wanted).lower())
    if found is None:
        raise UnknownPriority(f"{wanted!r} is none of {', '.join(Priority)}")
    return found


class PriorityMiddleware(Middleware):
    """Puts the wanted priority on the job before it is submitted."""

    def before_enqueue(
        self, broker: dramatiq.Broker, message: dramatiq.Message[Any], delay: int | None
    ) -> None:
        """Set the job's priority from the message's options."""
        spec, wanted = message.options["job"], message.options.get("priority")
        if wanted is not None:
            message.options["job"] = replace(spec, priority=settle(wanted))
