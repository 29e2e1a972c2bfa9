"""Takes a Host header that cannot be one out of the way before Flask stumbles over it.

``create_app`` wraps the application in it; the address check then answers 400.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BAD_HOST = "queueapp.bad_host"
# Underscores are not allowed in host names, but usual between containers.
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def good_host(text: str) -> bool:
    """Tell whether a Host header may be one."""
    if not _HOST.fullmatch(text):
        return False
    try:
        text.partition(":")[0].encode("ascii").decode("idna")
    except UnicodeError:
        return False
    return True


def guard_hosts(app: "WSGIApplication") -> "WSGIApplication":
    """Return the application behind the guard."""

    def guarded(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not good_host(environ.get("HTTP_HOST", "localhost")):
            environ[BAD_HOST] = True
            environ["HTTP_HOST"] = "localhost"
        return app(environ, start_response)

    return guarded
