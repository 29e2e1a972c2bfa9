"""The room loads its table library only when a table is wanted."""

import subprocess
import sys


def test_importing_the_room_loads_no_table_library() -> None:
    """Names, errors and format detection come without the weight of polars."""
    code = (
        "import sys\n"
        "from queueapp.eventlog import Columns, LogError, QualityChecks, detect_format\n"
        "assert detect_format('a.csv', b'a,b') == 'csv'\n"
        "assert 'polars' not in sys.modules\n"
        "from queueapp.eventlog import clean_log, profile_log, read_log\n"
        "assert 'polars' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


def test_every_public_name_exists() -> None:
    """What is announced can be imported."""
    import queueapp.eventlog as room

    assert [name for name in room.__all__ if not hasattr(room, name)] == []
