"""Says once that something is away and once that it is back, however often that is noticed."""

import logging

logger = logging.getLogger(__name__)


class Outages:
    def __init__(self) -> None:
        self._away: set[str] = set()

    def away(self, what: str, error: Exception, *, meanwhile: str) -> None:
        if what not in self._away:
            self._away.add(what)
            logger.warning("%s is away: %s. %s.", what, str(error).partition("\n")[0], meanwhile)

    def back(self, what: str) -> None:
        if what in self._away:
            self._away.discard(what)
            logger.warning("%s is back.", what)
