"""What downloads share: signed links to artifacts, and the header that names a file."""

import unicodedata
from urllib.parse import quote

from queueapp import signing
from queueapp.api.services import base_url, services
from queueapp.domain.job import Artifact
from queueapp.domain.scope import Scope


def artifact_path(scope: Scope, artifact_id: str) -> str:
    """Return an artifact's address on this server."""
    tenant, project, name = (quote(p, safe="") for p in (scope.tenant, scope.project, artifact_id))
    return f"/api/{tenant}/{project}/artifacts/{name}"


def signed_link(scope: Scope, artifact: Artifact) -> str:
    """Return an absolute link to an artifact that needs no key and expires."""
    made = services()
    expires_s = made.engine.now_ms() // 1000 + made.config.link_minutes * 60
    token = signing.sign(
        made.link_secret, scope=scope, artifact_id=artifact.id, expires_at_s=expires_s
    )
    return f"{base_url()}{artifact_path(scope, artifact.id)}?token={token}"


def check_link(scope: Scope, artifact_id: str, token: str) -> None:
    """Raise Unauthorized or Gone for a token that does not open the artifact now."""
    made = services()
    now_s = made.engine.now_ms() / 1000
    signing.verify(made.link_secret, scope=scope, artifact_id=artifact_id, token=token, now_s=now_s)


def disposition(name: str) -> str:
    """Return a Content-Disposition that saves under ``name``. Source: RFC 6266, RFC 8187."""
    kept = (letter for letter in name if unicodedata.category(letter)[0] != "C")
    clean = "".join(kept).replace("/", "_").replace("\\", "_").strip(". ")[:150] or "download"
    plain = unicodedata.normalize("NFKD", clean).encode("ascii", "ignore").decode()
    plain = plain.replace('"', "_").replace("%", "_").strip(". ") or "download"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(clean, safe='')}"
