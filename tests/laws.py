"""The laws of the store, checked after every test that touches it."""

from queueapp.laws import Kind, violations
from queueapp.store import Store
from queueapp.upkeep.chores import catch_up


def check(store: Store) -> None:
    """Assert every law on what the store holds now; nobody is using it meanwhile.

    Tests tell the scripts times of their own, so by the server's clock anything may be overdue.
    What changes of single jobs left for later is done first, or it would not be judged.
    """
    catch_up(store)
    broken = [str(one) for one in violations(store) if one.kind is not Kind.OVERDUE]

    assert [] == broken, "\n".join(broken)
