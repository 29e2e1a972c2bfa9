"""What tests of device calls share: requests, and the jobs that they make."""

from typing import Any

from queueapp.domain.job import Job
from queueapp.domain.scope import Scope
from tests.integration.api.conftest import Api

SECRET = "correct-horse-battery"
CONNECTION = {
    "host": "192.0.2.1",
    "device_type": "cisco_ios",
    "username": "operator",
    "password": SECRET,
    "conn_timeout": 4,
}
PLAIN = {name: CONNECTION[name] for name in ("host", "username", "password")}
SWITCH = {**PLAIN, "secret": "enabling-secret"}
BODY: dict[str, Any] = {"driver": "netmiko", "connection_args": CONNECTION, "command": "show clock"}
DEFAULT = Scope("default", "default")


def made(devices: Api, scope: Scope = DEFAULT, **changes: Any) -> Job:
    """Send a request and return the job that it made."""
    response = devices.post("/device/exec", {**BODY, **changes})
    assert (201, 201) == (response.status_code, response.get_json()["code"]), response.get_json()
    return devices.store.jobs.get(scope, response.get_json()["data"]["id"])


def every_job(devices: Api) -> list[str]:
    """Return the ids of all jobs."""
    return list(devices.store.client.zrange(devices.store.keys("all", DEFAULT.key), 0, -1))
