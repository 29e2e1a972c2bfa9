"""How a fresh, isolated interpreter of our own is started: for the zygote, and for single jobs.

It takes over the starter's sys.path, so it finds the modules that the starter finds, and nothing
else of its surroundings.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from queueapp.runner.confine import THREADS

_BOOT = (
    "import json, sys; s = json.loads(sys.argv[1]); sys.path[:] = s['sys_path']; "
    "from importlib import import_module; sys.exit(import_module(s['entry']).main(*s['args']))"
)

KEPT = ("PATH", "LANG", "LANGUAGE", "TZ", "TZDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE")


def command(entry: str, *args: Any, sys_path: Sequence[str]) -> list[str]:
    """Build the command line that runs ``entry.main(*args)``."""
    settings = {"entry": entry, "args": args, "sys_path": [*sys_path]}
    return [sys.executable, "-I", "-X", "utf8", "-c", _BOOT, json.dumps(settings)]


def become(entry: str, settings: dict[str, Any]) -> NoReturn:
    """Replace this process by a fresh interpreter that runs ``entry.main()``."""
    argv = command(entry, sys_path=settings["sys_path"])
    os.execv(argv[0], argv)  # noqa: S606 - our own interpreter and arguments


def own_sys_path() -> list[str]:
    """Return this process's search path with every entry absolute."""
    return [str(Path(entry).absolute()) for entry in sys.path]


def clean_environment(
    environ: dict[str, str], *, home: Path, passed: Sequence[str] = ()
) -> dict[str, str]:
    """Keep of an environment only what jobs may see: no address, no key, no setting of ours."""
    kept = {
        name: value
        for name, value in environ.items()
        if name in KEPT or name in passed or name.startswith("LC_")
    }
    return {
        **kept,
        "HOME": str(home),
        "TMPDIR": str(home),
        # Libraries must start no threads before the fork.
        "_RJEM_MALLOC_CONF": "background_thread:false,dirty_decay_ms:0,muzzy_decay_ms:0",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        **dict.fromkeys(THREADS, "1"),
    }
