"""What a download of an artifact may carry in its address."""

from queueapp.api.schemas import QuerySchema
from queueapp.api.schemas.fields import Text


class ArtifactQuery(QuerySchema):
    """A signed link carries its token here instead of a key in a header."""

    token = Text(
        longest=200,
        metadata={"description": "Signature of a link from a job's results; it expires."},
    )
