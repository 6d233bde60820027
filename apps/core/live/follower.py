"""The thread that keeps a process's in-memory state current: Redis pub/sub, with polling as the fallback."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import redis
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from apps.core import bus
from apps.core.live.outages import Outages

logger = logging.getLogger(__name__)
LISTEN_SECONDS = 0.5  # longest wait for an announcement before looking whether to stop


class Source(Protocol):
    """In-memory state that can bring itself up to date."""

    topic: str

    def refresh(self, facts: Mapping[str, Any]) -> None:
        """Load what changed. `facts` is the announcement, or empty when this is a poll."""


class Follower(threading.Thread):
    """Refreshes every source at start, at each announcement of its topic, and every poll."""

    current: ClassVar["Follower | None"] = None  # this process's, while it runs

    def __init__(self, sources: Sequence[Source]) -> None:
        super().__init__(name="follower", daemon=True)
        self.sources = sources
        self.stopping = threading.Event()
        self.loaded = threading.Event()
        self.refreshed_at: float | None = None  # monotonic: when all sources were last seen to be current
        self.outages = Outages()
        self.hears = False  # whether announcements arrive, not only polls

    def run(self) -> None:
        Follower.current = self
        while not self.stopping.is_set():
            try:
                self._follow()
            except redis.RedisError as error:
                self.outages.away("Redis", error, meanwhile="Changes arrive by polling")
                self.hears = False
                self._refresh_all()
                self.stopping.wait(settings.SNAPSHOT_POLL_SECONDS)
        if Follower.current is self:
            Follower.current = None
        connection.close()

    def stop(self) -> None:
        self.stopping.set()

    def _follow(self) -> None:
        """Subscribe first and load second, so that no change falls between the two."""
        with bus.client().pubsub(ignore_subscribe_messages=True) as subscription:
            subscription.subscribe(bus.CHANNEL)
            self.hears = True
            self.outages.back("Redis")
            self._refresh_all()
            due = time.monotonic() + settings.SNAPSHOT_POLL_SECONDS
            while not self.stopping.is_set():
                wait = max(0.01, min(LISTEN_SECONDS, due - time.monotonic()))
                message = subscription.get_message(timeout=wait)
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
            self.refreshed_at = time.monotonic()
            self.loaded.set()

    def _refresh(self, source: Source, facts: Mapping[str, Any]) -> bool:
        """Whatever goes wrong, the thread lives on: a dead one would serve old flags for ever."""
        try:
            source.refresh(facts)
        except DatabaseError as error:
            self.outages.away("PostgreSQL", error, meanwhile="Keys and flags stay as they are")
            connection.close()
            return False
        except Exception:
            logger.exception("%s could not be refreshed and keeps its last state", source.topic)
            return False
        finally:
            close_old_connections()
        self.outages.back("PostgreSQL")
        return True
