"""A network device as far as SSH shows it: a real SSH server on loopback with a small shell.

It remembers every line it was sent and counts its logins. ``password`` is the only right one.
What is slow takes ``slow_s``, or until a test says ``go_on``.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import paramiko

USER, PASSWORD, ENABLE = "operator", "correct-horse-battery", "staple-of-enabling"
KEY = paramiko.ECDSAKey.generate()
VERSION = "Cisco IOS Software, Version 15.2\r\nrouter uptime is 3 days"
INTERFACES = "Name Status\r\neth0 up\r\neth1 down"


class _Door(paramiko.ServerInterface):
    """Lets in who knows the password."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.shell = False

    def check_auth_password(self, username: str, password: str) -> int:
        right = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_pty_request(self, *_: Any) -> bool:
        return True

    def check_channel_shell_request(self, channel: Any) -> bool:
        self.shell = True
        self.asked.set()
        return True

    def check_channel_exec_request(self, channel: Any, command: bytes) -> bool:
        """A command of its own; ``sleep`` never ends, ``drop`` ends the connection."""
        self.asked.set()
        threading.Timer(0.02, _execute, (channel, command.decode())).start()  # after the reply
        return True


def _execute(channel: Any, command: str) -> None:
    if command == "drop":
        channel.get_transport().close()
        return
    if command == "sleep":
        return
    with suppress(OSError, EOFError):  # whoever asked may be gone
        _answer(channel, command)


def _answer(channel: Any, command: str) -> None:
    known = {"uptime": f"up 3 days, {PASSWORD}\n", "long": "x" * 3_000_000}
    if command in known:
        channel.sendall(known[command].encode())
    else:
        channel.sendall_stderr(f"{command}: not found\n".encode())
    channel.send_exit_status(0 if command in known else 127)
    channel.shutdown_write()
    channel.close()


def _until_hung_up(transport: paramiko.Transport, ask: Callable[[], Any]) -> Any:
    """Ask until there is an answer; paramiko itself waits on where nobody will come any more."""
    while not (answer := ask()) and transport.is_active():
        continue
    return answer


@dataclass
class FakeDevice:
    """One device; use it as a context manager."""

    name: str = "router"
    address: str = "127.0.0.1"
    logins: int = 0
    lines: list[str] = field(default_factory=list)
    running: int = 0
    most_running: int = 0
    slow_s: float = 0.3
    go_on: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "FakeDevice":
        self._listener = socket.create_server((self.address, 0))
        self.port = self._listener.getsockname()[1]
        self._transports: list[paramiko.Transport] = []
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # else the one that waits keeps it open
        self._listener.close()
        self.go_on.set()
        self.hang_up()

    def hang_up(self) -> None:
        """End every session, as a restart does."""
        for transport in self._transports:
            transport.close()

    @property
    def sessions(self) -> int:
        """How many sessions stand now."""
        return sum(transport.is_active() for transport in self._transports)

    @property
    def connection(self) -> dict[str, Any]:
        """The connection arguments that work."""
        return {
            "host": self.address,
            "port": self.port,
            "device_type": "cisco_ios",
            "username": USER,
            "password": PASSWORD,
        }

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        transport = paramiko.Transport(client)
        self._transports.append(transport)
        transport.add_server_key(KEY)
        try:
            door = _Door()
            transport.start_server(server=door)
            channel = _until_hung_up(transport, lambda: transport.accept(0.2))
            if channel is not None:
                self.logins += 1
                _until_hung_up(transport, lambda: door.asked.wait(0.2))
                if door.shell:
                    self._talk(transport, channel)
                else:
                    transport.join()
        except (OSError, EOFError, paramiko.SSHException):
            return
        finally:
            transport.close()

    def _talk(self, transport: paramiko.Transport, channel: Any) -> None:
        prompt, buffer = f"{self.name}>", ""
        channel.sendall(f"\r\n{prompt}".encode())
        while True:
            got = channel.recv(1024)
            if not got:
                return
            buffer += got.decode().replace("\r\n", "\n").replace("\r", "\n")
            while "\n" in buffer:
                line, buffer = buffer.split("\n", 1)
                channel.sendall(f"{line}\r\n".encode())
                self.lines += [line] if line else []
                if line == "drop":
                    transport.close()
                    return
                if line == "exit" and "(" not in prompt:
                    return
                answer, prompt = self._answer(line.strip(), prompt)
                channel.sendall(f"{answer}{prompt}".encode())

    def _answer(self, line: str, prompt: str) -> tuple[str, str]:
        """Return what the device says to a line, and its prompt after it."""
        if line == "enable":
            return "", "Password: "
        if prompt == "Password: ":
            return "", f"{self.name}#" if line == ENABLE else f"{self.name}>"
        if line == "configure terminal":
            return "", f"{self.name}(config)#"
        if line.startswith("interface"):
            return "", f"{self.name}(config-if)#"
        if line in ("end", "exit") and "(" in prompt:
            return "", f"{self.name}#"
        if line.startswith("hostname "):
            self.name = line.split()[1]
            return "", f"{self.name}(config)#"
        if line == "show slow":
            return self._slowly(), prompt
        known = {
            "show version": VERSION,
            "show interfaces": INTERFACES,
            "show secret": f"the password is {PASSWORD}",
            "show long": "x" * 300_000,
        }
        if line in known:
            return f"{known[line]}\r\n", prompt
        quiet = not line or line.startswith("terminal") or "(" in prompt
        return "" if quiet and line != "bad" else "% Invalid input\r\n", prompt

    def _slowly(self) -> str:
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        self.go_on.wait(self.slow_s)
        self.running -= 1
        return "done\r\n"
