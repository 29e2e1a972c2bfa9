"""The queue played forward: the rules of claims, on known answers."""

import math
import random
from itertools import pairwise

import pytest

from queueapp.domain.backlog import Capacity, Curve, Depths, level
from queueapp.domain.rooms import Crew, Room, Shape
from queueapp.domain.simulation import Bounds, Queued, Simulation
from queueapp.domain.slots import Held

SMALL = Shape("Sleep", 1, 1024)
BIG = Shape("Sleep", 4, 1024)
ROOM = Room("n1", 4, 8192, (Crew(frozenset({"Sleep"}), 4),))


def play(
    queue: list[Queued],
    *,
    rooms: tuple[Room, ...] = (ROOM,),
    held: tuple[Held, ...] = (),
    bounds: Bounds | None = None,
) -> dict[str, float]:
    """Return when each job starts."""
    simulation = Simulation(0, rooms, bounds or Bounds())
    simulation.run(held, queue)
    return simulation.starts


def job(name: str, shape: Shape = SMALL, run_ms: float = 10, **changes: object) -> Queued:
    """Return a queued job of the Normal tier."""
    return Queued(name, 2, shape, run_ms, **changes)  # type: ignore[arg-type] # by name


def test_a_big_job_waits_for_room_and_is_not_overtaken_for_ever() -> None:
    """Smaller ones use what it cannot; after sixteen of them its node is kept free."""
    small = [job(f"s{n}", run_ms=10 + n % 4) for n in range(100)]

    starts = play([*small[:4], job("big", BIG), *small[4:]])
    later = sorted(starts[one.job_id] for one in small[4:])

    assert later[0] < starts["big"] < later[-1]
    assert 16 <= sum(at < starts["big"] for at in later) < 20


def test_memory_and_types_bind_like_slots() -> None:
    """A node takes what its free memory and its workers' types allow."""
    heavy = Shape("Sleep", 1, 5000)
    other = Room("n2", 1, 2048, (Crew(frozenset({"Other"}), 2),))

    starts = play(
        [job("a", heavy), job("b", heavy), job("c", Shape("Other", 1, 1024))],
        rooms=(ROOM, other),
    )

    assert {"a": 0, "b": 10, "c": 0} == starts


def test_running_jobs_of_drained_workers_keep_their_room() -> None:
    """They hold CPU and memory, but no slot that anybody could take."""
    running = Held("n1", None, Shape("Sleep", 3, 1024), 50)

    assert {"a": 0, "b": 10} == play([job("a"), job("b")], held=(running,))


def test_what_waits_for_ever_is_left_out_with_its_dependents() -> None:
    """Nobody can say when they start."""
    queue = [
        job("never", not_before_ms=math.inf),
        job("child", needs=("never",)),
        job("free"),
    ]

    assert {"free": 0} == play(queue)


def test_a_dependency_may_run_or_stand_behind() -> None:
    """Its end counts, wherever it is."""
    running = Held("n1", frozenset({"Sleep"}), SMALL, 25, "r")
    queue = [job("a", needs=("r", "b")), job("b", run_ms=40)]

    assert {"a": 40, "b": 0} == play(queue, held=(running,))


@pytest.mark.parametrize("seed", range(30))
def test_equal_jobs_start_in_order_and_never_early(seed: int) -> None:
    """Whatever the sizes, hosts and limits: a class of equal runnable jobs is served in order."""
    rng = random.Random(seed)
    shapes = [Shape(kind, cpu, 1024 * cpu) for kind in ("Sleep", "Other") for cpu in (1, 2, 4)]
    crew = Crew(frozenset({"Sleep", "Other"}), 4)
    rooms = tuple(Room(f"n{n}", rng.choice((2, 4)), 8192, (crew,)) for n in range(3))
    queue = [job(f"j{n}", rng.choice(shapes), rng.randint(1, 100)) for n in range(150)]
    limits = {"Other": 2} if seed % 2 else {}

    starts = play(queue, rooms=rooms, bounds=Bounds(5, limits, (1.5,) * 4))

    assert len(starts) == 150 or not any(room.cpu_units == 4 for room in rooms)
    for shape in shapes:
        row = [starts[one.job_id] for one in queue if one.shape == shape and one.job_id in starts]
        assert all(0 <= earlier <= later for earlier, later in pairwise(row))


def test_work_fills_slots_like_water() -> None:
    """A slot that is free later takes its part later."""
    assert level(4, [], 0, 40) == 10
    assert level(4, [(100, 3.0)], 0, 40) == 40
    assert level(4, [(10, 2.0)], 0, 60) == 20
    assert level(2, [(10, 2.0)], 0, 0) == 10


def test_a_curve_joins_what_is_known_and_goes_on_behind() -> None:
    """In proportion between two ranks; behind the last one with jobs of the usual kind."""
    depths = Depths(
        sizes={(1, SMALL): 150, (2, SMALL): 100},
        points=[(50, 1, {SMALL: 50}), (150, 2, {SMALL: 0}), (250, 4, {})],
    )
    curve = Curve(depths, lambda tier, _: float(tier))

    assert [0, 50, 100, 200, 300, 360] == [curve(rank) for rank in (50, 100, 150, 200, 250, 290)]


def test_capacity_is_bounded_by_the_scarcest() -> None:
    """Slots, CPU units or memory, whichever ends first."""
    capacity = Capacity([ROOM])

    assert (4, 4, 1, 0) == (
        capacity.slots,
        capacity.holds(SMALL),
        capacity.holds(BIG),
        capacity.holds(Shape("Other", 1, 1)),
    )
    assert 4.0 == capacity.weight(BIG)
