"""Machines with a network of their own: each in a network namespace, with one link to the store's.

For tests that cut machines off as a real network does, where no process notices at once. It needs
root, the `ip` command and a kernel that lets it; ``why_not`` says what is missing.
"""

import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

from queueapp.store import Client

PORT = 16_379
# Of the range that is set apart for tests of networks (RFC 2544); another for each run.
PREFIX = f"198.18.{os.getpid() % 250}"
NAME = f"qa{os.getpid() % 100_000}"
ACROSS = 4  # addresses of a link: its own, the store's end, the machine's, and all of them


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True, timeout=20)


def why_not() -> str | None:
    """Return why machines cannot have networks of their own here, None if they can."""
    if shutil.which("ip") is None or shutil.which("nsenter") is None:
        return "the commands ip and nsenter are not installed"
    try:
        with Network() as network:
            network.join()
    except subprocess.CalledProcessError as error:
        return f"network namespaces are not permitted here: {error.stderr.strip()}"
    return None


@dataclass(frozen=True)
class Link:
    """What joins one machine to the store; it can be cut, and be let go one way only."""

    name: str
    near: str
    far: str

    @property
    def command(self) -> list[str]:
        """What a program's command begins with to run on this machine; its process id stays."""
        return ["nsenter", f"--net=/run/netns/{self.name}", "--"]

    @property
    def url(self) -> str:
        """The store's address as this machine sees it."""
        return f"redis://{self.near}:{PORT}/0"

    def cut(self) -> None:
        """Take the link down: nothing passes, and nobody is told."""
        _ip("link", "set", self.name, "down")

    def mend(self) -> None:
        """Take the link up again."""
        _ip("link", "set", self.name, "up")

    def deafen(self) -> None:
        """Lose whatever goes to the machine; what it sends still arrives."""
        _ip("route", "add", "blackhole", f"{self.far}/32")

    def hear(self) -> None:
        """Lose nothing any more."""
        _ip("route", "del", "blackhole", f"{self.far}/32")


class Network:
    """Makes links, and takes them away at the end."""

    def __init__(self) -> None:
        self.links: list[Link] = []

    def __enter__(self) -> "Network":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for link in self.links:
            with suppress(subprocess.CalledProcessError):
                link.hear()
            # A namespace lives as long as a process in it, its link must not.
            for words in (["link", "del", link.name], ["netns", "del", link.name]):
                with suppress(subprocess.CalledProcessError):
                    _ip(*words)

    def join(self) -> Link:
        """Return a new machine's link to the store."""
        number = len(self.links)
        near, far = (f"{PREFIX}.{ACROSS * number + end}" for end in (1, 2))
        link = Link(f"{NAME}x{number}", near, far)
        self.links.append(link)
        inside = ["-n", link.name]
        _ip("netns", "add", link.name)
        _ip("link", "add", link.name, "type", "veth", "peer", "name", "up0", "netns", link.name)
        _ip("addr", "add", f"{near}/30", "dev", link.name)
        _ip(*inside, "addr", "add", f"{far}/30", "dev", "up0")
        for words in ([link.name], [*inside, "lo"], [*inside, "up0"]):
            _ip(*words[:-1], "link", "set", words[-1], "up")
        return link

    def open(self, store: Client) -> None:
        """Let the store listen on its ends of the links that there are, and nowhere else."""
        store.config_set("protected-mode", "no")
        store.config_set("bind", " ".join(link.near for link in self.links))
        store.config_set("port", PORT)
