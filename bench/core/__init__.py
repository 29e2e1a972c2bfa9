"""Measures the core: beside its peers, against the length of its queue, and in memory."""
