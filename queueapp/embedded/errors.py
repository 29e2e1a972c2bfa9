"""The one error of the embedded server; its text says what to do next."""


class EmbeddedServerError(Exception):
    """The embedded server cannot be had here."""
