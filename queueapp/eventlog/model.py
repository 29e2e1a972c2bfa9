"""The words of this room: what a caller says about a log and what can be wrong with it.

Used by the API and by job children; holds no table and therefore imports no table library.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Format = Literal["csv", "csv.gz", "xes", "xes.gz", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)

#: Default bound on the unpacked size of a log.
MAX_BYTES = 4 * 2**30
#: Bound on the columns of a log: each costs 16 bytes a row, and XES may name a new one per event.
MAX_COLUMNS = 1_000


class LogError(ValueError):
    """A log cannot be read as asked: a stable code, a sentence for people, and where it is."""

    def __init__(
        self, code: str, message: str, *, field: str | None = None, row: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.row = row


@dataclass(frozen=True)
class Columns:
    """Which column of the file plays which part; the values are column names in the file."""

    case_id: str
    activity: str
    time: str
    resource: str | None = None
    start_time: str | None = None

    def by_role(self) -> dict[str, str]:
        """Return the mapped parts only, part -> column name."""
        return {role: name for role, name in vars(self).items() if name is not None}


@dataclass(frozen=True)
class ReadOptions:
    """What the sender says about the notation of the file; None means detect.

    `timezone` is the IANA zone of times that carry no offset (UTC unless given).
    """

    delimiter: str | None = None
    encoding: str | None = None
    timezone: str | None = None


@dataclass(frozen=True)
class QualityChecks:
    """Which defects are repaired; what is off is only counted."""

    validate_timestamps: bool = False
    check_duplicates: bool = False
    validate_activities: bool = False


@dataclass(frozen=True)
class Problem:
    """One row that cannot be used: where, why, and the text that stood there."""

    row: int
    column: str
    code: str
    message: str
    value: str | None
