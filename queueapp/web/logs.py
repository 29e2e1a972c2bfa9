"""gunicorn's own lines in the form of all others.

queueapp.web.server names the class. gunicorn's access log stays off: it would write whole
addresses, with the tokens of signed links; the application writes a line per request instead.
"""

from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from queueapp.api.access import facts_of_request
from queueapp.config import Config, from_env
from queueapp.logs import configure_logs, for_people


def configure_web_logs(config: Config) -> None:
    """Set up the log of a web process: each line tells the request that it belongs to."""
    configure_logs(facts=facts_of_request, readable=for_people(config))


class WebLogger(Logger):  # type: ignore[misc] # gunicorn is not typed
    """Hands gunicorn's lines to the handler of the process."""

    def setup(self, cfg: Any) -> None:
        """Take the level from gunicorn's settings, and let the lines rise to the root."""
        super().setup(cfg)
        for handler in list(self.error_log.handlers):
            self.error_log.removeHandler(handler)
        self.error_log.propagate = True
        configure_web_logs(from_env())
