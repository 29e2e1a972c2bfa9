"""What a command could not do, in one line for a person."""


class CommandError(Exception):
    """The command cannot be carried out; the text says why and what to do."""
