"""What tells machines apart."""

import socket

import psutil
import pytest

from queueapp.config import Config
from queueapp.worker.node import this_node, worker_name


def test_a_machine_is_its_host_name_and_its_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two machines with one host name, and one before and after a boot, are two nodes."""
    monkeypatch.setattr(socket, "gethostname", lambda: "box")
    found = []
    for boot in (1_000_000.0, 2_000_000.0):
        monkeypatch.setattr(psutil, "boot_time", lambda boot=boot: boot)
        found.append(this_node(Config()))

    assert {"box"} == {node.hostname for node in found}
    assert 2 == len({node.id for node in found})


def test_a_machine_may_be_given_its_name() -> None:
    """The setting wins; workers' names are never used twice even so."""
    node = this_node(Config(node_id="rack-7"))

    assert "rack-7" == node.id
    assert worker_name(node) != worker_name(node)
