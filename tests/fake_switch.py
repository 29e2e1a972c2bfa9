"""A switch as far as its eAPI shows it: a real HTTP server on loopback, with or without TLS.

It remembers what it was asked. It knows a few commands, one of which has no answer as JSON.
"""

import base64
import datetime as dt
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.fake_device import ENABLE, PASSWORD, USER

RIGHT = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
KNOWN: dict[str, dict[str, Any]] = {
    "show hostname": {"hostname": "leaf1", "fqdn": "leaf1.example"},
    "show version": {"modelName": "vEOS", "note": f"set by {PASSWORD}"},
    "show clock": {"output": "Mon Feb  2 10:00:00 2026\n"},
}


class _Handler(BaseHTTPRequestHandler):
    """Answers as the switch does."""

    switch: "FakeSwitch"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Run commands for who knows the password."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Authorization") != RIGHT:
            self._send(401, b"no")
        elif self.path != "/command-api":
            self._send(404, b"no")
        else:
            asked = json.loads(body)["params"]
            self._send(200, json.dumps({"jsonrpc": "2.0", **self.switch.answer(asked)}).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class FakeSwitch:
    """One switch; use it as a context manager."""

    def __init__(self, certificate: Path | None = None) -> None:
        handler = type("Handler", (_Handler,), {"switch": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = self._server.server_address[1]
        self.asked: list[Any] = []
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> "FakeSwitch":
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return results, or the first error."""
        results = []
        for command in asked["cmds"]:
            self.asked.append(command)
            if command == "reload":
                time.sleep(2)
            line = command["cmd"] if isinstance(command, dict) else command
            if isinstance(command, dict) and command["input"] != ENABLE:
                return _error(1005, f"bad secret {PASSWORD}")
            if line.startswith("bad"):
                return _error(1002, f"CLI command '{line}' failed: invalid command")
            text = asked["format"] == "text"
            if line == "show clock" and not text:
                return _error(1003, "unconverted command")
            known = KNOWN.get(line, {})
            results.append({"output": known.get("output", json.dumps(known))} if text else known)
        return {"result": results}


def _error(code: int, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "data": []}}


def certificate(folder: Path) -> Path:
    """Make a certificate that nobody vouches for, with its key, and return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "leaf1")])
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=36_500))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "switch.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path
