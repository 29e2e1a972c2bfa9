"""A refresh reads the same past with what was learnt, and does without the statistics library."""

import json
import math
import subprocess
import sys

import numpy as np

from actors.forecast_refresh import forecast_refresh
from forecasting import fit
from forecasting.queueing.learnt import Learnt
from tests.unit.forecasting.queueing.workloads import DAY, NOW, steady

JOBS = steady(14, 6, 900, 2)
KNOWN = {"now": NOW, "workers": 2, "since": NOW - 14 * DAY}
FIRST = fit(JOBS, **KNOWN)
REFRESH = """
import json, sys
import numpy as np
from forecasting.published import Known, published
told = json.load(sys.stdin)
published(Known(**told))
print(json.dumps([name for name in ("statsmodels", "pandas", "scipy") if name in sys.modules]))
"""
LOADED = """
import importlib, json, os, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
loaded = [name for name in ("numpy", "statsmodels", "pandas", "scipy") if name in sys.modules]
print(json.dumps([loaded, len(os.listdir("/proc/self/task"))]))
"""


def test_what_was_learnt_of_arrivals_is_read_again() -> None:
    """The same rates, also after they were stored, and from them the same forecast."""
    stored = Learnt.of(json.loads(json.dumps(FIRST.learnt.plain())))
    assert FIRST.learnt.profile is not None
    assert stored.profile is not None
    hours = NOW / 3600 + np.arange(24.0)
    assert FIRST.learnt.profile.rates(hours).tolist() == stored.profile.rates(hours).tolist()
    forgot = Learnt.of({**FIRST.learnt.plain(), "profile": None})
    again, anew = (
        fit(JOBS, learnt=learnt, **KNOWN).forecast(24, [0.5])["queue_size"]
        for learnt in (stored, forgot)
    )

    assert again.tolist() == anew.tolist()


def test_a_refresh_loads_no_statistics() -> None:
    """They take a second to import, more than all the rest."""
    learnt = FIRST.learnt.plain()
    told = {
        "jobs": {
            name: [None if math.isnan(n) else n for n in c.tolist()] for name, c in JOBS.items()
        },
        "kinds": ["t/Sleep"] * 9,
        "now": NOW,
        "since": NOW - 14 * DAY,
        "slots": 2,
        "learnt": {**learnt, "skill": None, "moves": []},
    }
    found = subprocess.run(
        [sys.executable, "-c", REFRESH],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    )

    assert [] == json.loads(found.stdout)


def test_what_is_loaded_where_jobs_are_forked_is_light() -> None:
    """Numbers, the package and its reader; neither statistics nor a thread."""
    found = subprocess.run(
        [sys.executable, "-c", LOADED, *forecast_refresh.imports],
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
        env={"OPENBLAS_NUM_THREADS": "1"},
    )

    assert [["numpy"], 1] == json.loads(found.stdout)
