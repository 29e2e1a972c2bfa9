"""Pages of lists: the query parameters that ask for one and the keys that every list answers."""

from typing import Any

from queueapp.api.schemas import QuerySchema
from queueapp.api.schemas.fields import Whole

MAX_PAGE = 1_000_000_000
LARGEST = 100
USUAL = 20


class PageQuery(QuerySchema):
    """Which page of a list; a larger page than allowed is clamped and echoed."""

    page = Whole(
        low=1, high=MAX_PAGE, load_default=1, metadata={"description": "Page number from 1."}
    )
    page_size = Whole(
        low=1,
        high=LARGEST,
        clamp=True,
        load_default=USUAL,
        metadata={"description": f"Entries in a page; more than {LARGEST} means {LARGEST}."},
    )


def page_keys(page: int, page_size: int, total: int) -> dict[str, Any]:
    """Return the keys beside a page's entries."""
    return {
        "page": page,
        "pageSize": page_size,
        "hasNextPage": page * page_size < total,
        "totalCount": total,
    }
