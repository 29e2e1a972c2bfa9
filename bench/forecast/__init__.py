"""Measure the queue forecasts by a rolling backtest. Run by `make bench-forecast`."""
