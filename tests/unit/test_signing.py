"""Signed links open one artifact, for a time, and nothing else."""

import pytest

from queueapp.domain.errors import Gone, Unauthorized
from queueapp.domain.scope import Scope
from queueapp.signing import sign, verify

SCOPE = Scope("acme", "sales")
TOKEN = sign("secret", scope=SCOPE, artifact_id="a1", expires_at_s=1000)


def test_a_good_link_opens() -> None:
    """A token is accepted until just before its time."""
    verify("secret", scope=SCOPE, artifact_id="a1", token=TOKEN, now_s=999.9)


def test_an_old_link_is_gone() -> None:
    """A token that was good once is told apart from one that never was."""
    with pytest.raises(Gone):
        verify("secret", scope=SCOPE, artifact_id="a1", token=TOKEN, now_s=1000)


@pytest.mark.parametrize(
    ("secret", "scope", "artifact_id"),
    [
        ("other", SCOPE, "a1"),
        ("secret", Scope("acme", "other"), "a1"),
        ("secret", Scope("other", "sales"), "a1"),
        ("secret", Scope("acmes", "ales"), "a1"),
        ("secret", SCOPE, "a2"),
    ],
)
def test_a_link_opens_nothing_else(secret: str, scope: Scope, artifact_id: str) -> None:
    """A token is bound to its secret, tenant, project and artifact."""
    with pytest.raises(Unauthorized):
        verify(secret, scope=scope, artifact_id=artifact_id, token=TOKEN, now_s=0)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "1000",
        "1000.",
        TOKEN + "A",
        TOKEN[:-1],
        TOKEN + "\n",
        TOKEN.replace("1000", "2000"),
        TOKEN.replace("1000", "01000"),
        TOKEN.replace("1000", "-1000"),
        TOKEN.replace("1000", "١٠٠٠"),
        "9" * 5000 + TOKEN,
        "é" * 43,
    ],
)
def test_an_altered_link_is_refused(token: str) -> None:
    """A token with anything changed is not valid, whatever its time."""
    with pytest.raises(Unauthorized):
        verify("secret", scope=SCOPE, artifact_id="a1", token=token, now_s=5000)
