"""Installs the peers into ``.bench/``, apart from the product, and says why one is missing."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".bench"
PYTHON = HOME / "venv" / "bin" / "python"
NODE_HOME = HOME / "node"
PATIENCE_S = 300

PACKAGES = {
    "dramatiq": "dramatiq[redis]>=2.2,<3",
    "rq": "rq>=2",
    "celery": "celery[redis]>=5.4",
    "huey": "huey[redis]>=2.5",
}


def install(package: str) -> str | None:
    """Make a peer's package usable; return the reason when it cannot be."""
    HOME.mkdir(exist_ok=True)
    return _npm(package) if package == "bullmq" else _pip(package)


def version(package: str) -> str:
    """Return the version of an installed peer."""
    if package == "bullmq":
        code = f"console.log(require('{NODE_HOME}/node_modules/bullmq/package.json').version)"
        return _told(["node", "-e", code])
    code = f"import importlib.metadata as m; print(m.version('{package}'))"
    return _told([str(PYTHON), "-c", code])


def _told(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _pip(package: str) -> str | None:
    if not PYTHON.exists():
        problem = _run([sys.executable, "-m", "venv", str(HOME / "venv")])
        if problem:
            return problem
    if _run([str(PYTHON), "-c", f"import {package}, redis"]) is None:
        return None
    words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return _run([str(PYTHON), *words, PACKAGES[package]])


def _npm(package: str) -> str | None:
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is not on the PATH"
    wanted = (package, "ioredis")
    if all((NODE_HOME / "node_modules" / name).is_dir() for name in wanted):
        return None
    NODE_HOME.mkdir(parents=True, exist_ok=True)
    return _run(["npm", "install", "--silent", "--prefix", str(NODE_HOME), *wanted])


def _run(command: list[str]) -> str | None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {error}"
    if done.returncode == 0:
        return None
    said = (done.stderr or done.stdout).strip().splitlines()
    return f"{Path(command[0]).name} failed: {said[-1] if said else done.returncode}"
