"""The order of a queue: priorities, tiers and places as one exact number.

A queued job's score is ``tier * TIER_SPAN + place``; both parts stay below 2**53 together,
so a Redis sorted set (whose scores are doubles) keeps them exactly.
"""

from enum import StrEnum

TIER_SPAN = 2**51
PLACE_STEP = 2**20
FIRST_SEQUENCE = 2**30  # leaves as much room before the first submission as after it


class Priority(StrEnum):
    """The four levels a job may be submitted with, most urgent first."""

    CRITICAL = "Critical"
    HIGH = "High"
    NORMAL = "Normal"
    LOW = "Low"

    @property
    def tier(self) -> int:
        """The level's rank: 0 is the most urgent."""
        return TIERS.index(self)


TIERS: tuple[Priority, ...] = tuple(Priority)


def score(tier: int, place: int) -> int:
    """Return the sort key of a job at ``place`` of ``tier``."""
    return tier * TIER_SPAN + place


def place_of(sequence: int) -> int:
    """Return the place that a scope's n-th submission takes."""
    return (FIRST_SEQUENCE + sequence) * PLACE_STEP
