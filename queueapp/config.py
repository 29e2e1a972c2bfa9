"""Every setting of the product, read from the environment once, checked loudly.

Each field says its unit and meaning; ``SETTINGS`` is what the README's table is checked against.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs

from queueapp.domain.api_key import MOST_PER_MINUTE


class BadSetting(ValueError):
    """An environment variable has a value that cannot be used."""


@dataclass(frozen=True)
class Config:
    """The settings of one process."""

    redis_url: str | None = None
    data_dir: Path = field(default_factory=lambda: Path(platformdirs.user_data_dir("queueapp")))
    objects_url: str | None = None
    base_url: str | None = None
    admin_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    old_secret_keys: tuple[str, ...] = field(default=(), repr=False)
    environment: str = "development"
    durability: str = "everysec"
    actors: tuple[str, ...] = ()
    lease_seconds: float = 30.0
    max_lost_attempts: int = 3
    retention_days: float = 30.0
    history_days: float = 400.0
    forecast_minutes: float = 10.0
    max_queued_jobs: int = 1_000_000
    max_upload_mb: int = 2_048
    link_minutes: int = 60
    cors_origins: tuple[str, ...] = ()
    requests_per_minute: int = 6_000
    bad_keys_per_minute: int = 200
    store_seconds: float = 2.0
    store_verify: bool = True
    max_streams: int = 64
    max_streams_per_key: int = 16
    drain_seconds: float = 5.0
    node_id: str | None = None
    node_cpu_units: int | None = None
    node_memory_gb: float | None = None
    pin_idle_seconds: int = 300
    pin_capacity: int = 32
    key_prefix: str = "{queueapp}"
    time_zone: str = "UTC"
    open_health: bool = False
    key_anywhere: bool = False

    @property
    def lease_ms(self) -> int:
        """The lease of a claim in milliseconds."""
        return round(self.lease_seconds * 1000)

    @property
    def keep_ms(self) -> int:
        """How long an ended job is kept, in milliseconds."""
        return round(self.retention_days * 86_400_000)

    @property
    def history_ms(self) -> int:
        """How long the history of queues is kept by the day, in milliseconds."""
        return round(self.history_days * 86_400_000)

    @property
    def forecast_ms(self) -> int:
        """How often a queue's forecast is made anew at most, in milliseconds."""
        return round(self.forecast_minutes * 60_000)

    @property
    def effective_objects_url(self) -> str:
        """Where datasets and artifacts live: the setting, or a folder of the data directory."""
        return self.objects_url or (self.data_dir / "objects").absolute().as_uri()


SETTINGS: dict[str, tuple[str, str]] = {
    "REDIS_URL": ("redis_url", "Redis or Valkey server to use; unset: the embedded one"),
    "QUEUEAPP_DATA_DIR": ("data_dir", "folder of the embedded server, objects and keys"),
    "QUEUEAPP_OBJECTS_URL": ("objects_url", "object store: file:///path or s3://bucket/prefix"),
    "QUEUEAPP_BASE_URL": ("base_url", "absolute address that links and the API document show"),
    "QUEUEAPP_ADMIN_KEY": ("admin_key", "an API key with role admin for all tenants"),
    "QUEUEAPP_SECRET_KEY": (
        "secret_key",
        "signs download links and seals device credentials; the embedded set-up makes one",
    ),
    "QUEUEAPP_OLD_SECRET_KEYS": (
        "old_secret_keys",
        "former secret keys, separated by commas: what they sealed can still be opened",
    ),
    "QUEUEAPP_ENV": ("environment", "development or production"),
    "QUEUEAPP_DURABILITY": ("durability", "embedded server's fsync: everysec or always"),
    "QUEUEAPP_ACTORS": ("actors", "further modules with job types, separated by commas"),
    "QUEUEAPP_LEASE_SECONDS": ("lease_seconds", "how long a silent worker keeps its jobs"),
    "QUEUEAPP_MAX_LOST_ATTEMPTS": ("max_lost_attempts", "lost attempts after which a job fails"),
    "QUEUEAPP_RETENTION_DAYS": ("retention_days", "how long ended jobs and their files are kept"),
    "QUEUEAPP_HISTORY_DAYS": ("history_days", "how long the history of queues is kept by the day"),
    "QUEUEAPP_FORECAST_MINUTES": (
        "forecast_minutes",
        "how long the forecast of a queue that changes stands before a new one is made",
    ),
    "QUEUEAPP_MAX_QUEUED_JOBS": ("max_queued_jobs", "queued jobs that a project may have"),
    "QUEUEAPP_MAX_UPLOAD_MB": ("max_upload_mb", "largest dataset upload in MiB"),
    "QUEUEAPP_LINK_MINUTES": ("link_minutes", "how long a download link is good"),
    "QUEUEAPP_CORS_ORIGINS": (
        "cors_origins",
        "origins whose pages may call the API, separated by commas; *: any; unset: none",
    ),
    "QUEUEAPP_REQUESTS_PER_MINUTE": (
        "requests_per_minute",
        "requests that an API key may make, unless it has a rate of its own; 0: any number",
    ),
    "QUEUEAPP_BAD_KEYS_PER_MINUTE": (
        "bad_keys_per_minute",
        "requests with a wrong key that one address may make of a web process",
    ),
    "QUEUEAPP_STORE_SECONDS": (
        "store_seconds",
        "how long a web process waits for an answer of the store before it says 503",
    ),
    "QUEUEAPP_STORE_VERIFY": (
        "store_verify",
        "whether the certificate of a rediss:// store is checked",
    ),
    "QUEUEAPP_MAX_STREAMS": (
        "max_streams",
        "event streams and waiting polls that one web process keeps open",
    ),
    "QUEUEAPP_MAX_STREAMS_PER_KEY": ("max_streams_per_key", "of these, for one API key"),
    "QUEUEAPP_DRAIN_SECONDS": (
        "drain_seconds",
        "how long a stopping worker lets jobs run on before it gives them back",
    ),
    "QUEUEAPP_NODE_ID": ("node_id", "name of this machine in the fleet; unset: host name and boot"),
    "QUEUEAPP_NODE_CPU_UNITS": (
        "node_cpu_units",
        "CPU units this machine offers; unset: its cores",
    ),
    "QUEUEAPP_NODE_MEMORY_GB": ("node_memory_gb", "memory this machine offers; unset: what it has"),
    "QUEUEAPP_PIN_IDLE_SECONDS": (
        "pin_idle_seconds",
        "how long a node keeps the session of a pinned host between jobs; 0: not at all",
    ),
    "QUEUEAPP_PIN_CAPACITY": ("pin_capacity", "pinned hosts whose sessions a node keeps at most"),
    "QUEUEAPP_TIME_ZONE": (
        "time_zone",
        "IANA zone of the times that the Job Management API shows",
    ),
    "QUEUEAPP_OPEN_HEALTH": ("open_health", "whether /health answers without a key"),
    "QUEUEAPP_KEY_ANYWHERE": (
        "key_anywhere",
        "whether the Job Management API takes keys from the query and cookies too",
    ),
    "QUEUEAPP_KEY_PREFIX": ("key_prefix", "prefix of all keys; it must hold one hash tag"),
}

# What a setting must look like, so that a slip is told before anything starts.
_FORMS = {
    "redis_url": (re.compile(r"(rediss?|unix)://\S+"), "redis://host:port/number or alike"),
    "objects_url": (
        re.compile(r"file://(localhost)?/.*|s3://[^/\s]+.*"),
        "file:///directory or s3://bucket/prefix",
    ),
    "base_url": (
        re.compile(r"https?://[^/\s]+\S*"),
        "an absolute address such as https://queue.example.com",
    ),
    "admin_key": (re.compile(r"[\x21-\x7e]{1,512}"), "up to 512 visible ASCII characters"),
}
_SECRET = ("admin_key", "redis_url")
_CHOICES = {"durability": ("everysec", "always"), "environment": ("development", "production")}
_SWITCHES = ("open_health", "key_anywhere", "store_verify")
_SWITCH = {"true": True, "1": True, "false": False, "0": False}
_POSITIVE: Mapping[str, Callable[[str], float]] = {
    "lease_seconds": float,
    "retention_days": float,
    "history_days": float,
    "forecast_minutes": float,
    "store_seconds": float,
    "node_memory_gb": float,
    "max_lost_attempts": int,
    "max_queued_jobs": int,
    "max_upload_mb": int,
    "link_minutes": int,
    "bad_keys_per_minute": int,
    "max_streams": int,
    "max_streams_per_key": int,
    "drain_seconds": float,
    "node_cpu_units": int,
    "pin_capacity": int,
}


_ORIGIN = re.compile(
    r"\*|https?://[A-Za-z0-9._-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?"
)
# These may be 0, which switches off what they are about.
_COUNTS = ("requests_per_minute", "pin_idle_seconds")


def _known_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True


def _switch(variable: str, text: str) -> bool:
    if text.lower() not in _SWITCH:
        raise BadSetting(f"{variable} must be true or false, not {text!r}")
    return _SWITCH[text.lower()]


def _number(variable: str, name: str, text: str) -> float:
    if name in _COUNTS:
        if not (text.isascii() and text.isdigit() and int(text) <= MOST_PER_MINUTE):
            raise BadSetting(f"{variable} must be 0 to {MOST_PER_MINUTE}, not {text!r}")
        return int(text)
    try:
        number: float = _POSITIVE[name](text)
    except ValueError:
        number = -1
    if not 0 < number < float("inf"):
        raise BadSetting(f"{variable} must be a positive number, not {text!r}")
    return number


def _value(variable: str, name: str, text: str) -> object:
    if name in _POSITIVE or name in _COUNTS:
        return _number(variable, name, text)
    if name in _SWITCHES:
        return _switch(variable, text)
    if name == "time_zone" and not _known_zone(text):
        raise BadSetting(f"{variable} must be a time zone such as Europe/Berlin, not {text!r}")
    if name in _CHOICES and text not in _CHOICES[name]:
        raise BadSetting(f"{variable} must be one of {', '.join(_CHOICES[name])}, not {text!r}")
    if name == "data_dir":
        return Path(text).expanduser()
    if name in ("actors", "cors_origins", "old_secret_keys"):
        parts = tuple(part.strip() for part in text.split(",") if part.strip())
        if name == "cors_origins" and not all(map(_ORIGIN.fullmatch, parts)):
            raise BadSetting(f"{variable} must hold origins such as https://app.example.com or *")
        return parts
    if name in _FORMS and not _FORMS[name][0].fullmatch(text):
        shown = "what it holds" if name in _SECRET else repr(text)
        raise BadSetting(f"{variable} must be {_FORMS[name][1]}, not {shown}")
    if name == "key_prefix" and (text.count("{"), text.count("}")) != (1, 1):
        raise BadSetting(f"{variable} must hold exactly one hash tag such as {{queueapp}}")
    return text


def _unverified(url: str) -> str:
    """Have a store's certificate taken as it is, unless the address itself says otherwise."""
    if not url.startswith("rediss:") or "ssl_cert_reqs=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}ssl_cert_reqs=none"


def from_env(environ: Mapping[str, str] | None = None) -> Config:
    """Return the settings of the environment. Raises: BadSetting, naming the variable."""
    source = os.environ if environ is None else environ
    values = {
        name: _value(variable, name, source[variable])
        for variable, (name, _) in SETTINGS.items()
        if source.get(variable)
    }
    if values.get("store_verify") is False and "redis_url" in values:
        values["redis_url"] = _unverified(str(values["redis_url"]))
    return Config(**values)  # type: ignore[arg-type] # each value was checked above
