"""The fleet's chores, done by whichever worker holds the upkeep lease.

Each chore is one idempotent script in bounded batches, so two leaders for a moment do no harm.
"""

from queueapp.upkeep.leader import Upkeep

__all__ = ("Upkeep",)
