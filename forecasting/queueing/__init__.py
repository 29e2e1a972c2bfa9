"""Forecast a queue of jobs: how long it will be, who waits how long, what another worker changes.

fit.py is the way in. Each file below it is one step: workload (the jobs known), sessions, profile
and arrivals (who may come), pools and durations (how long each runs), imagine (draw futures),
simulate (serve them), outcomes (read them), replay and trust (learn from one's own errors).
"""
