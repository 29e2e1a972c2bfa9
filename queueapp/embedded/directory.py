"""The data directory of an embedded installation: its place, its files, its generated secrets.

Everything in it belongs to one user and is readable by nobody else.
"""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from .errors import EmbeddedServerError

# The kernel's limit for a socket's path is 108 bytes on Linux and 104 on macOS, with its end mark.
SOCKET_PATH_LIMIT = 103


def data_directory(path: Path) -> Path:
    """Make the data directory if it is not there; one that is there keeps its mode.

    What is private in it is private by itself: somebody may have chosen his home, or /tmp.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedServerError(f"{path} cannot be used: {error.strerror}.") from error
    return path


def private_directory(path: Path) -> Path:
    """Make a directory that only its owner can enter, and refuse somebody else's."""
    data_directory(path)
    if path.stat().st_uid != os.getuid():
        raise EmbeddedServerError(f"{path} belongs to another user.")
    path.chmod(0o700)
    return path


def secret_key(data_dir: Path) -> str:
    """Return the installation's signing secret, made at the first call."""
    return _kept_secret(data_dir / "secret.key")


def admin_key(data_dir: Path) -> str:
    """Return the installation's first admin key, made at the first call."""
    return _kept_secret(data_dir / "admin.key")


def _kept_secret(path: Path) -> str:
    """Return the file's text; of several processes that find no file, one writes it."""
    data_directory(path.parent)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(32) + "\n", encoding="ascii")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


@dataclass(frozen=True)
class Layout:
    """The files of one embedded server, all in its own private directory."""

    directory: Path

    @classmethod
    def of(cls, data_dir: Path) -> "Layout":
        """Return the layout in a data directory, made when it is not there yet."""
        data_directory(data_dir)
        return cls(private_directory(data_dir.resolve() / "valkey"))

    @property
    def server_lock(self) -> Path:
        """Held by the server process for as long as it lives."""
        return self.directory / "server.lock"

    @property
    def users_lock(self) -> Path:
        """Held in shared mode by each process that uses the server."""
        return self.directory / "users.lock"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.directory / "server.log"

    @property
    def state(self) -> Path:
        """Which engine wrote the data last."""
        return self.directory / "state.json"

    @property
    def socket(self) -> Path:
        """The server's address: here, or in a short directory where this path is too long.

        The short place hangs on nothing but the path and the user, so that all users agree on it.
        """
        here = self.directory / "valkey.sock"
        if len(os.fsencode(here)) <= SOCKET_PATH_LIMIT:
            return here
        digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:24]
        runtime = private_directory(Path(f"/tmp/queueapp-{os.getuid()}"))  # noqa: S108 -- checked
        return runtime / f"{digest}.sock"
