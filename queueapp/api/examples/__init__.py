"""Worked examples for the API document, one file per noun; tests check them against the schemas."""
