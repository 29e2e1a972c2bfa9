"""Tests of the job type, without a queue, a store or a worker."""

from pathlib import Path

from wordcount import word_count

from queueapp.testing import run_job


def test_words_are_counted(tmp_path: Path) -> None:
    """The most frequent words come first, in any case."""
    outcome = run_job(word_count, tmp_path, {"text": "To be, or not to be", "top": 2})

    assert outcome.summary == {"words": 6, "different": 4}
    counts = next(output.path for output in outcome.outputs if output.primary)
    assert counts.read_text() == "word,count\nto,2\nbe,2\n"


def test_text_without_words_is_bad_input(tmp_path: Path) -> None:
    """A text of signs only fails, and the failure says why."""
    outcome = run_job(word_count, tmp_path, {"text": "?!"})

    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.message) == (
        "bad_input",
        "There is no word in the text.",
    )
