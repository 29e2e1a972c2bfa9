"""What runs in the processes that are measured: one module a system, and one client for all."""
