"""Sets this process's clock wrong: Python loads the file by itself where its folder is on the path.

Only `time.time` is wrong, as on a machine whose clock was never set; waiting works as ever.
"""

import os
import time

_AHEAD_S = float(os.environ.get("WRONG_CLOCK_S", "0"))
_true, _true_ns = time.time, time.time_ns

time.time = lambda: _true() + _AHEAD_S
time.time_ns = lambda: _true_ns() + int(_AHEAD_S * 1e9)
