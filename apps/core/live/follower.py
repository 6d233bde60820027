"""The thread that keeps a process's in-memory state current: Redis pub/sub, with polling as the fallback."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import redis
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from apps.core import bus

logger = logging.getLogger(__name__)


class Source(Protocol):
    """In-memory state that can bring itself up to date."""

    topic: str

    def refresh(self, facts: Mapping[str, Any]) -> None:
        """Load what changed. `facts` is the announcement, or empty when this is a poll."""


class Follower(threading.Thread):
    """Refreshes every source at start, at each announcement of its topic, and every poll."""

    def __init__(self, sources: Sequence[Source]) -> None:
        super().__init__(name="follower", daemon=True)
        self.sources = sources
        self.stopping = threading.Event()
        self.loaded = threading.Event()

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                self._follow()
            except redis.RedisError as error:
                logger.warning("Redis is away (%s); polling every %s s", error, settings.SNAPSHOT_POLL_SECONDS)
                self._refresh_all()
                self.stopping.wait(settings.SNAPSHOT_POLL_SECONDS)

    def stop(self) -> None:
        self.stopping.set()

    def _follow(self) -> None:
        """Subscribe first and load second, so that no change falls between the two."""
        with bus.client().pubsub(ignore_subscribe_messages=True) as subscription:
            subscription.subscribe(bus.CHANNEL)
            self._refresh_all()
            due = time.monotonic() + settings.SNAPSHOT_POLL_SECONDS
            while not self.stopping.is_set():
                message = subscription.get_message(timeout=max(0.01, min(1.0, due - time.monotonic())))
                if message:
                    self._announced(bus.parse(message["data"]))
                if time.monotonic() >= due:
                    self._refresh_all()
                    due = time.monotonic() + settings.SNAPSHOT_POLL_SECONDS

    def _announced(self, facts: Mapping[str, Any]) -> None:
        for source in self.sources:
            if facts.get("topic", source.topic) == source.topic:
                self._refresh(source, facts)

    def _refresh_all(self) -> None:
        results = [self._refresh(source, {}) for source in self.sources]
        if all(results):
            self.loaded.set()

    def _refresh(self, source: Source, facts: Mapping[str, Any]) -> bool:
        try:
            source.refresh(facts)
        except DatabaseError as error:
            logger.warning("PostgreSQL is away (%s); %s keeps its last state", error, source.topic)
            connection.close()
            return False
        finally:
            close_old_connections()
        return True
