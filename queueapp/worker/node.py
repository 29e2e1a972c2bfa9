"""What this machine and this process are called in the fleet, and what they have to give."""

import hashlib
import os
import secrets
import socket

import psutil

from queueapp.config import Config
from queueapp.domain.fleet import Node


def this_node(config: Config) -> Node:
    """Describe the machine: its name in the fleet comes from host name and boot."""
    hostname = socket.gethostname()
    boot = f"{hostname}/{psutil.boot_time():.0f}".encode()
    digest = hashlib.sha256(boot).hexdigest()[:6]
    memory_mb = psutil.virtual_memory().total >> 20
    if config.node_memory_gb is not None:
        memory_mb = round(config.node_memory_gb * 1024)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Node(
        id=config.node_id or f"{hostname}-{digest}",
        hostname=hostname,
        cpu_units=config.node_cpu_units or cores or 1,
        memory_mb=memory_mb,
        pin_capacity=config.pin_capacity,
    )


def worker_name(node: Node) -> str:
    """Return a name that no worker ever had: reused names would hide orphans."""
    return f"{node.id}.{os.getpid()}.{secrets.token_hex(3)}"
