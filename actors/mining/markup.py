"""Text that goes into HTML or SVG, made harmless. The only place that escapes."""

from html import escape

from actors.mining.wording import clip


def text(value: object) -> str:
    """Escape a value for use as text or inside a quoted attribute.

    Control characters, which neither format allows, become the replacement character.
    """
    cleaned = "".join(c if c >= " " or c in "\t\n" else "\ufffd" for c in str(value))
    return escape(cleaned, quote=True)


def label(name: object) -> str:
    """Escape a name that came with the log, shortened where it is absurdly long."""
    return text(clip(str(name)))
