"""What errors tell to whom."""

from queueapp.domain.errors import Unavailable


def test_what_stands_behind_an_unavailable_store_is_for_logs() -> None:
    """Down to the first cause; who called is told nothing of addresses."""
    try:
        try:
            try:
                raise OSError("connection to 10.0.0.1 refused")
            except OSError as error:
                raise Unavailable from error
        except Unavailable as error:
            raise Unavailable("The files cannot be reached.") from error
    except Unavailable as error:
        told = error

    assert "The files cannot be reached." == told.message == str(told)
    assert "10.0.0.1" in told.reason
    assert "no cause" == Unavailable("no cause").reason
