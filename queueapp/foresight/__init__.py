"""What can be foreseen of a queue: how long jobs run, when they start, what else may come."""
