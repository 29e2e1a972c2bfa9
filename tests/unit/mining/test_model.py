"""The model is harmless to load, says what its twin says, and is as good as it claims."""

import io
import json
import pickle
import pickletools
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from actors.mining import next_activity
from tests.shared_data import shared
from tests.unit.mining.logs import log, mined
from tests.unit.mining.running import Run, run_job

DANGEROUS = {"GLOBAL", "STACK_GLOBAL", "REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD"}


class Refusing(pickle.Unpickler):
    """Loads builtins and refuses to look up anything."""

    def find_class(self, module: str, name: str) -> Any:
        """Refuse every class."""
        raise pickle.UnpicklingError(f"{module}.{name}")


@pytest.fixture(scope="module")
def receipt(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the job on a real log."""
    return run_job(shared("eventlogs/receipt.csv"), tmp_path_factory.mktemp("model"))


def fitted(*cases: str) -> dict[str, Any]:
    """Fit the model on a tiny log."""
    found = mined(log(*cases))
    return next_activity.fit(found.events, found.cases)


def test_pickle_holds_nothing_that_runs(receipt: Run) -> None:
    """The stream has no opcode that names or calls anything, at protocol 4."""
    opcodes = {op.name for op, _arg, _pos in pickletools.genops(receipt.bytes("model.pkl"))}

    assert set() == opcodes & DANGEROUS
    assert b"\x80\x04" == receipt.bytes("model.pkl")[:2]


def test_pickle_and_json_hold_the_same_model(receipt: Run) -> None:
    """Loaded with every look-up refused, the pickle equals its JSON twin."""
    model = Refusing(io.BytesIO(receipt.bytes("model.pkl"))).load()

    assert json.loads(receipt.bytes("model.json")) == model


def test_the_refusing_loader_refuses() -> None:
    """A pickle that calls something does not get past the loader used here."""
    with pytest.raises(pickle.UnpicklingError):
        Refusing(io.BytesIO(pickle.dumps(Path("/"), protocol=4))).load()


def test_stated_accuracy_is_that_of_the_file(receipt: Run) -> None:
    """Read event by event, the held-out cases give the accuracy that the model states."""
    model = json.loads(receipt.bytes("model.json"))
    frame = pl.read_csv(receipt.folder / "enriched.csv", infer_schema_length=0)
    cases = frame.group_by("case_id", maintain_order=True).agg("activity", pl.first("case_start"))
    held_out = cases.sort("case_start", "case_id").tail(model["testCases"])
    right = [
        next_activity.predict(model, path[:n])[0] == (path[n] if n < len(path) else "")
        for path in held_out["activity"].to_list()
        for n in range(1, len(path) + 1)
    ]

    assert model["testPredictions"] == len(right)
    assert model["accuracy"] == pytest.approx(sum(right) / len(right), abs=0.0001)
    assert model["accuracy"] == receipt.outputs["model.pkl"]["accuracy"]


def test_baseline_is_the_most_frequent_successor(receipt: Run) -> None:
    """The majority baseline always names what follows most often in the training cases."""
    model = json.loads(receipt.bytes("model.json"))
    frame = pl.read_csv(receipt.folder / "enriched.csv", infer_schema_length=0)
    cases = frame.group_by("case_id", maintain_order=True).agg("activity", pl.first("case_start"))
    ordered = cases.sort("case_start", "case_id")["activity"].to_list()
    known, held_out = ordered[: model["trainingCases"]], ordered[model["trainingCases"] :]
    follows = Counter(step for path in known for step in [*path[1:], ""])
    guess = follows.most_common(1)[0][0]
    asked = [step for path in held_out for step in [*path[1:], ""]]

    expected = asked.count(guess) / len(asked)
    assert model["majorityAccuracy"] == pytest.approx(expected, abs=0.0001)


def test_what_always_follows_is_predicted_with_certainty() -> None:
    """A process without choices is predicted without errors, its end included."""
    model = fitted(*(f"A@{n} B@{n + 5} C@{n + 9}" for n in range(20)))

    assert 1.0 == model["accuracy"]
    assert ("B", 1.0) == next_activity.predict(model, ["A"])
    assert ("", 1.0) == next_activity.predict(model, ["A", "B", "C"])


def test_unknown_pasts_fall_back_to_shorter_ones() -> None:
    """A path never seen is judged by its last activity, and an unknown one by the whole log."""
    model = fitted(*(f"A@{n} B@{n + 5} C@{n + 9}" for n in range(20)))

    assert "C" == next_activity.predict(model, ["C", "C", "B"])[0]
    assert next_activity.predict(model, ["Z"])[0] in {"", "B", "C"}


def test_remaining_time_is_left_out_when_it_is_no_better_than_the_median() -> None:
    """A log whose remaining time never varies by context has nothing to add to the median."""
    model = fitted(*(f"A@{n}" for n in range(20)))

    assert not model["predictsRemainingTime"]
    assert all("remainingSeconds" not in context for context in model["contexts"])


def test_remaining_time_is_kept_when_it_helps() -> None:
    """Where the step tells how long it will take, the error is below the median's."""
    model = fitted(*(f"A@{n} B@{n + 1000} C@{n + 1001}" for n in range(20)))

    assert model["predictsRemainingTime"]
    assert model["remainingErrorSeconds"] < model["remainingBaselineErrorSeconds"]


def test_too_few_cases_are_not_measured() -> None:
    """With nothing to hold out the accuracy is unknown, not invented."""
    model = fitted("A@0 B@1")

    assert model["accuracy"] is None
    assert 0 == model["testPredictions"]
