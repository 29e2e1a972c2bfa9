"""What jobs take as parameters: told as JSON Schema, and checked against it."""
