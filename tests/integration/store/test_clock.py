"""Processes tell the time by the store's clock, whatever their machine's says."""

from queueapp.store import Store, connect
from queueapp.store.clock import ASK_AGAIN_S, ASK_EVERY_S, StoreClock

HOUR_S = 3600.0


def test_a_wrong_clock_is_not_believed(store: Store) -> None:
    """A machine an hour off has the store's time, asked for once and carried on."""
    pace = [0.0]
    clock = StoreClock(store.client, pace=lambda: pace[0], own=lambda: HOUR_S)
    seconds, _ = store.client.time()
    first = clock()
    asked = store.client.info("commandstats")["cmdstat_time"]["calls"]
    pace[0] = ASK_EVERY_S - 1

    assert 0 <= first - seconds < 5
    assert ASK_EVERY_S - 1 == clock() - first
    assert asked == store.client.info("commandstats")["cmdstat_time"]["calls"]
    pace[0] = ASK_EVERY_S
    assert 0 <= clock() - seconds < 5


def test_without_the_store_the_machine_tells_the_time() -> None:
    """Before the store was reached once there is no better clock; it is soon asked again."""
    pace, asked = [0.0], []
    client = connect("unix:///nowhere/at-all")

    def own() -> float:
        asked.append(pace[0])
        return HOUR_S

    clock = StoreClock(client, pace=lambda: pace[0], own=own)

    assert HOUR_S == clock()
    pace[0] = ASK_AGAIN_S
    assert HOUR_S == clock()
