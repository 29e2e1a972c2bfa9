"""``python -m bench.forecast``: a rolling backtest of the queue forecasts, as tables.

It reads logs of real machines from ../shared/traces, or else workloads that it makes up itself,
and says which. Nothing here passes or fails.
"""

import argparse
from pathlib import Path

import numpy as np

from bench.core.table import show
from bench.forecast.anchors import MODELS, RULES
from bench.forecast.backtest import OURS, TARGETS, Result, backtest
from bench.forecast.generator import CHARACTERS, generated
from bench.forecast.history import History
from bench.forecast.scores import LEADS
from bench.forecast.traces import WINDOWS, trace

LOGS = Path(__file__).resolve().parents[3] / "shared/traces"


def main() -> None:
    """Backtest what is asked for and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.forecast", description=__doc__)
    parser.add_argument("--logs", type=Path, default=LOGS, help="folder of the real logs")
    parser.add_argument("--only", help=f"some of {','.join((*WINDOWS, *CHARACTERS))}")
    parser.add_argument("--every", type=int, default=41, help="hours between origins")
    parser.add_argument("--seed", type=int, default=0, help="which made-up history")
    parser.add_argument("--quick", action="store_true", help="leave the series models out")
    asked = parser.parse_args()
    real = {name: w for name, w in WINDOWS.items() if (asked.logs / w.file).exists()}
    if not real:
        print(f"No logs of real machines in {asked.logs}: made-up workloads instead.")
    names = asked.only.split(",") if asked.only else list(real or CHARACTERS)
    for name in names:
        past = trace(name, asked.logs) if name in real else generated(name, asked.seed)
        result = backtest(past, asked.every, with_models=not asked.quick)
        _print(past, result, made_up=name not in real)


def _print(past: History, result: Result, *, made_up: bool) -> None:
    origins = result.origins()
    load = past.busy.mean() / past.workers
    print(
        f"\n## {past.name}{' (made up)' if made_up else ''}: {len(past.work.run):,} jobs, "
        f"{past.workers} workers {load:.0%} busy, {len(origins)} origins scored"
    )
    for target in TARGETS:
        _print_target(target, result, origins)
    _print_lead_times(result, origins)
    _print_jobs(result)


def _print_target(target: str, result: Result, origins: list[int]) -> None:
    best = min(result.scored(target, rule).loss("all", origins) for rule in RULES)
    rows = []
    for method in (OURS, *RULES, *MODELS):
        scores = result.scored(target, method)
        if not scores.forecasts:
            continue  # too few origins for the errors that its interval is made of
        loss = scores.loss("all", origins)
        figures = [f"{loss:.2f}", f"{1 - loss / best:.3f}", f"{scores.mae('all', origins):.2f}"]
        held = [f"{scores.held(share, 'all', origins):.2f}" for share in (0.8, 0.9)]
        rows.append((method, *figures, *held))
    show(target, ("method", "pinball", "skill", "MAE", "80 % held", "90 % held"), rows)


def _print_lead_times(result: Result, origins: list[int]) -> None:
    rows = []
    for target in TARGETS:
        ours = result.scored(target, OURS)
        for lead in LEADS:
            best = min(result.scored(target, rule).loss(lead, origins) for rule in RULES)
            skill = 1 - ours.loss(lead, origins) / best
            held = [f"{ours.held(share, lead, origins):.2f}" for share in (0.8, 0.9)]
            rows.append((target, lead, f"{skill:.3f}", f"{ours.mae(lead, origins):.2f}", *held))
    show(
        "By lead time, against the best simple rule",
        ("forecast", "lead", "skill", "MAE", "80 % held", "90 % held"),
        rows,
    )


def _print_jobs(result: Result) -> None:
    rows = []
    for what, rule, rows_of in (
        ("start of a waiting job", "queue length x mean run / workers", result.starts),
        ("run time of a new job", "mean of the user's last two", result.runs),
    ):
        true, low, middle, high, anchor = np.array(rows_of or [(np.nan,) * 5]).T
        mean = true.mean()
        ours, theirs = (np.abs(each - true).mean() / mean for each in (middle, anchor))
        held = ((low <= true) & (true <= high)).mean()
        figures = [f"{ours:.2f}", f"{theirs:.2f}", f"{ours / theirs:.2f}", f"{held:.2f}"]
        rows.append((what, str(len(rows_of)), rule, *figures))
    show(
        "Jobs: error of the median over the mean",
        ("what", "n", "rule", "ours", "the rule's", "ratio", "80 % held"),
        rows,
        f"CPU seconds, median and 95 %: fit {_spread(result.fit_seconds)}, "
        f"refresh {_spread(result.refresh_seconds)}",
    )


def _spread(seconds: list[float]) -> str:
    return f"{np.median(seconds):.2f} and {np.quantile(seconds, 0.95):.2f}"


if __name__ == "__main__":
    main()
