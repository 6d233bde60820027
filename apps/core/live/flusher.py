"""The thread that writes down what a process gathered in memory: on its period, and once more when it ends."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import DatabaseError, close_old_connections, connection

from apps.core import clock
from apps.core.live.outages import Outages

logger = logging.getLogger(__name__)
Write = Callable[[datetime], None]  # keeps what it could not write, and raises DatabaseError


class Flusher(threading.Thread):
    def __init__(self, writes: Sequence[Write], *, seconds: float) -> None:
        super().__init__(name="flusher", daemon=True)
        self.writes = writes
        self.seconds = seconds
        self.outages = Outages()
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.wait(self.seconds):
            self.flush()
            close_old_connections()
        self.flush()
        connection.close()

    def stop(self) -> None:
        self.stopping.set()

    def flush(self) -> None:
        written = [self._written(write) for write in self.writes]
        if all(written):
            self.outages.back("PostgreSQL")

    def _written(self, write: Write) -> bool:
        try:
            write(clock.now())
        except DatabaseError as error:
            self.outages.away("PostgreSQL", error, meanwhile="Counts are kept in memory")
            return False
        except Exception:
            logger.exception("A flush failed; counts are kept until the next one")
            return False
        return True
