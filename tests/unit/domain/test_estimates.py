"""How long a job will run: from the first basis with enough runs, and never past its timeout."""

from queueapp.domain.estimates import MINUTE_MS, Runs, estimate_duration

FEW = Runs.of([MINUTE_MS] * 4, [])
TEN = Runs.of([minute * MINUTE_MS for minute in range(11, 21)], [1_000.0])


def test_the_first_basis_with_enough_runs_tells() -> None:
    """Five are enough; the range is from a quarter to nine tenths, in whole minutes."""
    found = estimate_duration([("resource", FEW), ("type", TEN)], timeout_ms=120 * MINUTE_MS)

    assert ("type", 10, (13, 20)) == (found.basis, found.samples, found.minutes)
    assert 15.5 * MINUTE_MS == found.mean_ms


def test_without_runs_the_timeout_is_the_bound() -> None:
    """A true one, and no mean is told."""
    found = estimate_duration([("resource", FEW)], timeout_ms=30 * MINUTE_MS)

    assert ((0, 30), None, "none") == (found.minutes, found.mean_ms, found.basis)


def test_no_run_is_longer_than_its_own_timeout() -> None:
    """Whatever others took who had more time: then it fails at its timeout."""
    short = estimate_duration([("type", TEN)], timeout_ms=15 * MINUTE_MS)

    assert (13, 15) == short.minutes
    assert 15 * MINUTE_MS == short.mean_ms == short.high_ms
