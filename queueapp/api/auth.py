"""Who is asking, and may he: one hook before every request that no route can forget.

A view says the role it needs with ``needs``; one that says nothing needs viewer to read and
admin to write. Views get a ``scope`` (or ``tenant``) and their ids in snake_case, all checked.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, request
from flask.views import View

from queueapp.api.rates import count_bad_key, refuse_excess
from queueapp.api.services import services
from queueapp.domain.api_key import ApiKey, Role
from queueapp.domain.errors import Forbidden, NotFound, Unauthorized, ValidationFailed
from queueapp.domain.scope import ID_RULE, Scope, valid_id

# The only endpoints that answer without a key; signed links are checked by their own view.
PUBLIC = frozenset(
    {
        "home",
        "livez",
        "readyz",
        "openapi_31",
        "openapi_30",
        "openapi_management",
        "docs",
        "docs_asset",
        "problem_page",
        "problem_index",
    }
)
KEY_NAME = "X-API-KEY"
OPEN_HEALTH = "Managed health.HealthView"
_TOKEN = re.compile(r"[\x21-\x7e]{1,512}")
_SCOPE_IDS = frozenset({"tenantId", "projectId"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

View_ = TypeVar("View_", bound=Callable[..., Any])


def needs(role: Role) -> Callable[[View_], View_]:
    """Mark a view method with the least role that may call it."""

    def mark(view: View_) -> View_:
        view.needs_role = role  # type: ignore[attr-defined] # read by needed_role
        return view

    return mark


def may_use_link(view: View_) -> View_:
    """Mark a view method that checks a signed link itself when ``token`` is in the query."""
    view.link_allowed = True  # type: ignore[attr-defined] # read by _by_link
    return view


def view_method(endpoint: str, method: str) -> Any:
    """Return the function that answers ``method`` of an endpoint."""
    view = current_app.view_functions[endpoint]
    view_class: type[View] | None = getattr(view, "view_class", None)
    name = "get" if method == "HEAD" else method.lower()
    return getattr(view_class, name, None) if view_class else view


def needed_role(endpoint: str, method: str) -> Role:
    """Return the least role that may call ``method`` of an endpoint."""
    default = Role.VIEWER if method in _READING else Role.ADMIN
    return cast(Role, getattr(view_method(endpoint, method), "needs_role", default))


def key() -> ApiKey:
    """Return the key of this request."""
    return cast(ApiKey, g.key)


def key_or_none() -> ApiKey | None:
    """Return the key of this request, or None where it was let in without one."""
    return cast(ApiKey | None, g.get("key"))


def _plain_keys() -> set[str]:
    """Return the keys given by themselves: in the header, or where a setting allows it."""
    found = [request.headers.get(KEY_NAME)]
    if is_management() and services().config.key_anywhere:
        found += [request.args.get(KEY_NAME), request.cookies.get(KEY_NAME)]
    return {one for one in found if one is not None}


def is_management() -> bool:
    """Tell whether the Job Management API is asked."""
    return (request.blueprint or "").startswith("Managed ")


def given_token() -> str:
    """Return the one token that the request carries. Raises: Unauthorized."""
    header, tokens = request.headers.get("Authorization"), _plain_keys()
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorized("The Authorization header must be: Bearer and a key.")
        tokens.add(token.strip())
    if len(tokens) != 1 or not _TOKEN.fullmatch(next(iter(tokens))):
        raise Unauthorized("Exactly one valid key is needed, as Bearer or X-API-KEY.")
    return str(tokens.pop())


def _authenticated() -> ApiKey:
    keys, config = services().engine.store.api_keys, services().config
    try:
        found = keys.authenticate(
            given_token(), admin_key=config.admin_key, per_minute=config.requests_per_minute
        )
        if found is None:
            raise Unauthorized("The key is not known, or has ended.")
    except Unauthorized:
        count_bad_key(request.remote_addr)
        raise
    refuse_excess(found)
    return found


def _has_token() -> bool:
    return "Authorization" in request.headers or bool(_plain_keys())


def _by_link() -> bool:
    if "token" not in request.args:
        return False
    method = view_method(str(request.endpoint), request.method)
    return getattr(method, "link_allowed", False)


@lru_cache(maxsize=256)
def _snake(name: str) -> str:
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _place(found: ApiKey | None) -> None:
    """Replace the ids of the address by a scope, if the key covers it.

    What cannot be an id is the id of nothing; but who chooses one with PUT is told the rule.
    """
    given = request.view_args or {}
    wrong = [name for name, part in given.items() if isinstance(part, str) and not valid_id(part)]
    if wrong and (request.method != "PUT" or not _SCOPE_IDS.isdisjoint(wrong)):
        raise NotFound
    ids: dict[str, Any] = {_snake(name): part for name, part in given.items()}
    if "tenant_id" in ids:
        tenant, project = ids.pop("tenant_id"), ids.pop("project_id", None)
        _check_cover(found, tenant, project)
        ids |= {"tenant": tenant} if project is None else {"scope": Scope(tenant, project)}
    if wrong:
        raise ValidationFailed(f"{wrong[0]}: {ID_RULE}", errors=[(f"/{wrong[0]}", ID_RULE)])
    request.view_args = ids


def _check_cover(found: ApiKey | None, tenant: str, project: str | None) -> None:
    if found is None:
        return
    covered = found.covers_tenant(tenant)
    if project is not None:
        covered = found.covers(Scope(tenant, project))
    if not covered:
        raise NotFound
    for header, part in (("X-Tenant-Id", tenant), ("X-Project-Id", project)):
        given = request.headers.get(header)
        if given and part is not None and given != part:
            raise Forbidden(f"{header} contradicts the address.")


def authorize() -> None:
    """Let the request through if its key may do what it asks; the hook before every request."""
    endpoint = request.endpoint
    if endpoint is None or request.url_rule is None or endpoint in PUBLIC:
        return
    if endpoint == OPEN_HEALTH and services().config.open_health and not _has_token():
        return
    if _by_link():
        _place(None)
        return
    g.key = _authenticated()
    _place(g.key)
    role = needed_role(endpoint, request.method)
    if not g.key.role.includes(role):
        raise Forbidden(f"This needs the role {role}; the key's is {g.key.role}.")
    _refuse_query(endpoint)


def _refuse_query(endpoint: str) -> None:
    if (
        not request.args
        or is_management()
        or getattr(view_method(endpoint, request.method), "takes_query", False)
    ):
        return
    errors = [(f"/{name}", "It is not known here.") for name in request.args]
    raise ValidationFailed("This address takes no query parameters.", errors=errors)


def install_auth(app: Flask) -> None:
    """Check every request before its view sees it."""
    app.before_request(authorize)
