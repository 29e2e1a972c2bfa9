"""Versions of tiers as HTTP says them: an ETag such as ``"Normal-17"``, and ``If-Match``.

The whole queue's joins those of its tiers: ``"Critical-1.High-2.Normal-17.Low-0"``.

A tier's version rises whenever its order changes, also when a job enters or leaves it.
Reads of the queue show it; moves and priority changes may name it.
"""

import re
from collections.abc import Mapping

from flask import Response, request

from queueapp.api.errors import problem
from queueapp.domain.errors import ValidationFailed, VersionStale
from queueapp.domain.queue import TIERS, Priority

_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_VERSION = re.compile(rf"({'|'.join(TIERS)})-([0-9]{{1,15}})")
_VERSIONS = re.compile(rf"{_VERSION.pattern}(?:\.{_VERSION.pattern})*")
ETAG = {"ETag": {"$ref": "#/components/headers/ETag"}}
_TAGS = re.compile(rf"\s*{_TAG.pattern}\s*(?:,\s*{_TAG.pattern}\s*)*")


def tier_tag(priority: Priority, version: int) -> str:
    """Return the ETag of a tier's version."""
    return f'"{priority}-{version}"'


def queue_tag(versions: Mapping[Priority, int]) -> str:
    """Return the ETag of a whole queue: the versions of its tiers."""
    return '"' + ".".join(f"{tier}-{version}" for tier, version in versions.items()) + '"'


def given_versions() -> list[tuple[Priority, int]] | None:
    """Return the tiers and versions that If-Match names; None is any.

    A tag that is no version of a tier fits none. Raises: ValidationFailed.
    """
    given = request.headers.get("If-Match")
    if given is None or given.strip() == "*":
        return None
    if len(given) > 1_000 or not _TAGS.fullmatch(given):
        raise ValidationFailed('If-Match must be * or entity tags such as "Normal-17".')
    tags = [tag for tag in _TAG.findall(given) if _VERSIONS.fullmatch(tag)]
    return [(Priority(tier), int(n)) for tag in tags for tier, n in _VERSION.findall(tag)]


def stale(error: VersionStale) -> Response:
    """Answer a change that named an old version with the fresh one."""
    priority, version = TIERS[int(str(error.details["tier"]))], int(str(error.details["version"]))
    answer = problem(
        error.code,
        error.message,
        details={"priority": str(priority), "version": version},
    )
    answer.headers["ETag"] = tier_tag(priority, version)
    return answer
