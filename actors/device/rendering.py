"""Makes the lines for a device from a job's parameters; templates run in Jinja's sandbox."""

from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from queueapp import BadInput

LINES_MAX = 10_000


def lines_of(lines: list[str], rendering: dict[str, Any] | None) -> list[str]:
    """Return what is to be sent, a line each.

    With a template its lines are sent; without one the given lines are templates.
    Raises: BadInput for a template that cannot be used.
    """
    if rendering is None:
        made = [line for text in lines for line in text.splitlines()]
    else:
        context = rendering.get("context") or {}
        template = rendering.get("template")
        texts = [template] if template is not None else lines
        made = [line for text in texts for line in _rendered(text, context).splitlines()]
    found = [line for line in made if line.strip()]
    if not found:
        raise BadInput("There is nothing to send.", field="rendering" if rendering else "lines")
    if len(found) > LINES_MAX:
        raise BadInput(f"More than {LINES_MAX} lines are to be sent.", field="rendering")
    return found


def _rendered(text: str, context: dict[str, Any]) -> str:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    try:
        return environment.from_string(text).render(context)
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError) as error:
        raise BadInput(f"The template cannot be rendered: {error}", field="rendering") from error
