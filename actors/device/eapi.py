"""A session with a switch through Arista's eAPI: commands over HTTPS, answers as JSON.

Each request stands for itself and carries the credentials. Certificates are not checked, as SSH's
host keys are not.
"""

import base64
import http.client
import json
import ssl
from typing import Any

from actors.device.failures import (
    AuthenticationFailed,
    CommandRefused,
    ConfigRefused,
    ConnectionFailed,
    ConnectionLost,
    DeviceTimeout,
    Hide,
    hiding,
)

PATH = "/command-api"
ANSWER_S = 60.0
NOT_CONVERTED = 1003  # the command has no answer as JSON


class EapiSession:
    """A switch that has answered."""

    prompt = None  # there is none

    def __init__(self, known: dict[str, Any], secrets: dict[str, Any]) -> None:
        self._known = known
        self._secrets = secrets
        self._hide: Hide = hiding(secrets)

    def command(self, line: str, options: dict[str, Any]) -> Any:
        """Send one command and return its answer: JSON, or text where there is none or asked."""
        found = {} if options.get("text") else self._asked([line], "json", options)
        if options.get("text") or found.get("error", {}).get("code") == NOT_CONVERTED:
            found = self._asked([line], "text", options)
        if "error" in found:
            raise CommandRefused(self._reason(found["error"]))
        answer = found["result"][-1]
        return self._hide(answer["output"] if set(answer) == {"output"} else answer)

    def configure(self, lines: list[str], options: dict[str, Any]) -> Any:
        """Send lines of configuration and return the answer to each."""
        found = self._asked(["configure", *lines, "end"], "json", options, privileged=True)
        if "error" in found:
            raise ConfigRefused(self._reason(found["error"]))
        return self._hide(found["result"][-len(lines) - 1 : -1])

    def close(self) -> None:
        """Nothing is open between requests."""

    keep = close

    def _asked(
        self, lines: list[str], form: str, options: dict[str, Any], *, privileged: bool = False
    ) -> dict[str, Any]:
        """Return the switch's answer to some commands: a result or an error."""
        secret = self._secrets.get("secret")
        first: list[Any] = [{"cmd": "enable", "input": secret}] if secret else []
        first = first or (["enable"] if privileged else [])
        asked = {
            "jsonrpc": "2.0",
            "id": "queueapp",
            "method": "runCmds",
            "params": {"version": 1, "cmds": [*first, *lines], "format": form},
        }
        found: dict[str, Any] = self._posted(json.dumps(asked), options)
        return found

    def _posted(self, body: str, options: dict[str, Any]) -> Any:
        connection = self._connection(options.get("read_timeout") or ANSWER_S)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise ConnectionFailed(str(error)[:500] or type(error).__name__) from None
        try:
            connection.request("POST", PATH, body, self._headers())
            response = connection.getresponse()
            text = response.read()
        except TimeoutError:
            raise DeviceTimeout("The switch did not answer in time.") from None
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionLost(str(error)[:500] or type(error).__name__) from None
        finally:
            connection.close()
        return _answer(response.status, text)

    def _connection(self, patience_s: float) -> http.client.HTTPConnection:
        host, port = self._known["host"], self._known.get("port")
        if self._secrets.get("transport") == "http":
            return http.client.HTTPConnection(host, port, timeout=patience_s)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(host, port, timeout=patience_s, context=context)

    def _headers(self) -> dict[str, str]:
        user, password = self._known.get("username"), self._secrets.get("password")
        pair = base64.b64encode(f"{user or ''}:{password or ''}".encode()).decode()
        return {"Content-Type": "application/json", "Authorization": f"Basic {pair}"}

    def _reason(self, error: dict[str, Any]) -> str:
        return str(self._hide(str(error.get("message", "refused"))))[:500]


def open_eapi(known: dict[str, Any], secrets: dict[str, Any]) -> EapiSession:
    """Have a switch answer once. Raises: AuthenticationFailed, ConnectionFailed, ConnectionLost."""
    session = EapiSession(known, secrets)
    patience_s = secrets.get("conn_timeout")
    session.command("show hostname", {"read_timeout": patience_s})
    return session


def _answer(status: int, text: bytes) -> Any:
    if status in (401, 403):
        raise AuthenticationFailed("The switch refused the user name or password.")
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not {"result", "error"} & found.keys():
        raise ConnectionFailed(f"What answered is no eAPI: status {status}.")
    return found
