"""The embedded store server: started, shared and stopped by the processes that use it.

`queueapp up`, the web process, workers and tests call it where no REDIS_URL is set.
It never talks to a server that somebody else runs, and it knows nothing of jobs.
"""

from .binary import ServerBinary, find_binary
from .directory import admin_key, data_directory, secret_key
from .errors import EmbeddedServerError
from .server import EmbeddedServer, ephemeral_server, leave_server, start_server

__all__ = [
    "EmbeddedServer",
    "EmbeddedServerError",
    "ServerBinary",
    "admin_key",
    "data_directory",
    "ephemeral_server",
    "find_binary",
    "leave_server",
    "secret_key",
    "start_server",
]
