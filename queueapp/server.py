"""Which store server this process uses: the configured one, or a share of the embedded one."""

import structlog

from queueapp.config import Config
from queueapp.embedded import EmbeddedServer, secret_key, start_server

log = structlog.get_logger()

_shares: list[EmbeddedServer] = []


def store_url(config: Config) -> str:
    """Return the server's URL; without REDIS_URL join (and if need be start) the embedded one.

    Raises: EmbeddedServerError, saying what to install or set.
    """
    if config.redis_url:
        if "ssl_cert_reqs=none" in config.redis_url:
            log.warning("the store's certificate is not checked: encrypted, not authenticated")
        return config.redis_url
    share = start_server(config.data_dir, durability=config.durability)
    _shares.append(share)
    return share.url


def signing_key(config: Config) -> str:
    """Return the secret that signs links: the setting, or the data directory's own.

    Raises: ValueError in production without the setting.
    """
    if config.secret_key:
        return config.secret_key
    if config.redis_url and config.environment == "production":
        raise ValueError("Set QUEUEAPP_SECRET_KEY: download links are signed with it.")
    return secret_key(config.data_dir)
