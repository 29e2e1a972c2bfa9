"""All that a store holds, as plain values: to see that nothing changed, or that nothing leaked."""

from typing import Any

from queueapp.store import Store


def contents(store: Store, *without: str) -> dict[str, Any]:
    """Return the values of all keys, but for those whose name has one of these parts."""
    client = store.client
    readers: dict[str, Any] = {
        "string": client.get,
        "hash": client.hgetall,
        "list": lambda key: client.lrange(key, 0, -1),
        "set": client.smembers,
        "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        "stream": client.xrange,
    }
    keys = [key for key in client.scan_iter(count=1_000) if not any(one in key for one in without)]
    return {key: readers[client.type(key)](key) for key in keys}
