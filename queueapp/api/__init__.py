"""The REST API: one thin blueprint per noun over the engine, and the rules they all share.

``create_app`` installs it; it decides nothing about jobs, only how they are asked for and shown.
"""
