"""How many requests are let through: per key as the store counts them, and wrong keys per address.

The auth hook asks here; answers to a limited key say what is left to it (the IETF's RateLimit
fields).
"""

import math
import threading
import time
from collections import OrderedDict

from flask import Flask, Response, current_app, g

from queueapp.domain.api_key import Allowance, ApiKey
from queueapp.domain.errors import RateLimited

EXTENSION = "queueapp-bad-keys"
KNOWN_ADDRESSES = 10_000
MINUTE_S = 60.0


class BadKeys:
    """Counts requests with a wrong key by their address, in this process only."""

    def __init__(self, per_minute: int) -> None:
        self._each_s = MINUTE_S / per_minute
        self._lock = threading.Lock()
        #: When the bucket of an address will be full again.
        self._full_s: OrderedDict[str, float] = OrderedDict()

    def count(self, address: str, now_s: float) -> float:
        """Count one; return how many seconds the address should wait, 0 while it is within."""
        with self._lock:
            full_s = max(self._full_s.pop(address, 0.0), now_s) + self._each_s
            wait_s = full_s - now_s - MINUTE_S
            self._full_s[address] = full_s if wait_s <= 0 else full_s - self._each_s
            if len(self._full_s) > KNOWN_ADDRESSES:
                self._full_s.popitem(last=False)
        return max(0.0, wait_s)


def refuse_excess(found: ApiKey) -> None:
    """Refuse the request of a key that has used up its allowance. Raises: RateLimited."""
    if found.allowance is None:
        return
    g.allowance = found.allowance
    if found.allowance.wait_ms:
        g.retry_after_s = math.ceil(found.allowance.wait_ms / 1000)
        raise RateLimited(f"The key may make {found.allowance.per_minute} requests a minute.")


def count_bad_key(address: str | None) -> None:
    """Count a wrong key. Raises: RateLimited when its address has sent too many."""
    bad_keys: BadKeys = current_app.extensions[EXTENSION]
    wait_s = bad_keys.count(address or "", time.monotonic())
    if wait_s > 0:
        g.retry_after_s = math.ceil(wait_s)
        raise RateLimited("This address has sent too many wrong keys.")


def _tell(response: Response) -> Response:
    allowance: Allowance | None = g.get("allowance")
    if allowance is not None:
        full_s = math.ceil(allowance.full_ms / 1000)
        response.headers["RateLimit-Policy"] = f'"default";q={allowance.per_minute};w=60'
        response.headers["RateLimit"] = f'"default";r={allowance.left};t={full_s}'
    if "retry_after_s" in g:
        response.headers["Retry-After"] = str(g.retry_after_s)
    return response


def install_rates(app: Flask, bad_keys_per_minute: int) -> None:
    """Tell limited keys what is left to them."""
    app.extensions[EXTENSION] = BadKeys(bad_keys_per_minute)
    app.after_request(_tell)
