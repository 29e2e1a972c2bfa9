"""A gate that jobs of a test wait at, and the notes that they leave."""

import uuid
from pathlib import Path

from tests.system.upped import PROJECT, Upped
from tests.waiting import eventually


class Gate:
    """One gated job: its ledger, its gate, its id."""

    def __init__(self, directory: Path) -> None:
        self.ledger = directory / f"{uuid.uuid4().hex}.ledger"
        self.gate = directory / f"{self.ledger.stem}.gate"
        self.job_id = ""

    def submit(self, up: Upped) -> "Gate":
        body = {
            "jobName": "gated",
            "jobType": "Gated",
            "resource": {"resourceType": "Notebook", "resourceId": "any"},
            "parameters": {"ledger": str(self.ledger), "gate": str(self.gate)},
        }
        self.job_id = up.client.post(f"{PROJECT}/execution/job", body)["jobId"]
        return self

    def notes(self, word: str) -> list[int]:
        """Return the processes that noted a word."""
        if not self.ledger.exists():
            return []
        lines = [line.split() for line in self.ledger.read_text().splitlines()]
        return [int(pid) for said, pid in lines if said == word]

    def begun(self, times: int = 1) -> "Gate":
        """Wait until it was begun so often."""
        eventually(lambda: len(self.notes("begun")) >= times)
        return self

    def open(self) -> None:
        """Let every run end."""
        self.gate.touch()
