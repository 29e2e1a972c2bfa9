"""Answers that a client need not fetch again: an ETag of the body, and 304 to who has it.

For what stays the same over many requests: documents, pages, the catalogue. A job or a queue is
answered with estimates of this moment, so no two answers are equal, and they have none of this.
"""

import hashlib

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse


def conditional(response: Response, *, private: bool = False) -> BaseResponse:
    """Return the answer, or 304 when the client already has it.

    ``private``: it depends on the key, so nobody but its holder may keep it.
    """
    digest = hashlib.sha256(response.get_data()).hexdigest()
    response.set_etag(digest[:32], weak=True)
    response.headers["Cache-Control"] = "private, no-cache" if private else "no-cache"
    if private:
        response.vary.update(["Authorization", "X-API-KEY"])
    return response.make_conditional(request)
