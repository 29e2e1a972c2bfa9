"""Dramatiq middleware: what happens around enqueueing and running, one concern per file."""
