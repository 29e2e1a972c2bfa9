"""Downloads of what jobs made: by key, or by a signed link that expires.

Also builds those links, for the results of jobs.
"""

from collections.abc import Iterator
from typing import Any

from flask import Response, request
from flask.views import MethodView
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from queueapp.api.auth import may_use_link
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.datasets import library
from queueapp.api.downloads import check_link, disposition
from queueapp.api.schemas.artifacts import ArtifactQuery
from queueapp.domain.api_key import Role
from queueapp.domain.job import Artifact
from queueapp.domain.scope import Scope

blueprint = ApiBlueprint(
    "Artifacts",
    __name__,
    url_prefix="/api/<string:tenantId>/<string:projectId>/artifacts",
    description="Files that jobs made.",
)
# Should a browser show a file after all, nothing in it may run or reach out.
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
FILE: dict[str, Any] = {
    "schema": {"type": "string", "format": "binary"},
    "content_type": "application/octet-stream",
    "success": True,
}


@blueprint.route("/<string:artifactId>")
class OneArtifact(MethodView):
    """One artifact of a project."""

    @may_use_link
    @blueprint.operation("downloadArtifact", role=Role.VIEWER, errors=(410, 416))
    @blueprint.arguments(ArtifactQuery, location="query")
    @blueprint.alt_response(200, description="The file", **FILE)
    @blueprint.alt_response(206, description="The part of the file that Range asks for", **FILE)
    @blueprint.alt_response(304, description="The file is what If-None-Match names", success=True)
    def get(self, query: dict[str, Any], scope: Scope, artifact_id: str) -> Response:
        """Download an artifact

        Whole, or the part that a Range header asks for. The links of a job's results carry a
        token and need no key; 410 once they have expired.
        """
        if "token" in query:
            check_link(scope, artifact_id, query["token"])
        return download(library().artifact(scope, artifact_id))


def download(artifact: Artifact) -> Response:
    """Return the bytes of an artifact as this request wants them.

    Raises: NotFound, RequestedRangeNotSatisfiable.
    """
    etag = f'"{artifact.sha256}"'
    if request.if_none_match.contains_weak(artifact.sha256):
        return Response(status=304, headers={"ETag": etag})
    size_bytes = artifact.size_bytes
    span = _span(artifact)
    start, end = span or (0, size_bytes)
    response = Response(_bytes(artifact, start, end), content_type=artifact.media_type)
    response.headers.update(
        {
            "Content-Disposition": disposition(artifact.name),
            "Content-Length": str(end - start),
            "ETag": etag,
            "Accept-Ranges": "bytes",
            "Cache-Control": "private, no-cache",
        }
    )
    if span is not None:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size_bytes}"
    if artifact.media_type.partition(";")[0] in ("text/html", "image/svg+xml", "text/xml"):
        response.headers["Content-Security-Policy"] = SANDBOX
    return response


def _span(artifact: Artifact) -> tuple[int, int] | None:
    """Return the one range that was asked for; several, or none that fits, mean the whole."""
    wanted = request.range
    if request.method != "GET" or wanted is None or wanted.units != "bytes":
        return None
    if len(wanted.ranges) != 1 or not _unchanged(artifact):
        return None
    span = wanted.range_for_length(artifact.size_bytes)
    if span is None:
        raise RequestedRangeNotSatisfiable(
            artifact.size_bytes, description=f"The file has {artifact.size_bytes} bytes."
        )
    return span


def _unchanged(artifact: Artifact) -> bool:
    if "If-Range" not in request.headers:
        return True
    return request.if_range.etag == artifact.sha256


def _bytes(artifact: Artifact, start: int, end: int) -> Iterator[bytes]:
    found = library().open_artifact(artifact, start, end)
    return iter(()) if request.method == "HEAD" else found
