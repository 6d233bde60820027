"""Every usable API key in memory, by digest, so that no request asks the database who it is."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.core import clock, selectors
from apps.core.domain import keys

LOOK_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What a request may know of its key."""

    id: int
    kind: str
    name: str
    project_id: int
    project_key: str
    environment_id: int | None
    environment_key: str | None
    scopes: frozenset[str]
    expires_at: datetime | None


class Keyring:
    """Swapped as a whole; readers never lock. Listeners hear of every swap, in the thread that made it."""

    topic = "keys"

    def __init__(self) -> None:
        self._stamp: object = None
        self._by_digest: Mapping[bytes, KeyFacts] = {}
        self._by_id: Mapping[int, KeyFacts] = {}
        self._used: set[int] = set()
        self._listeners: list[Callable[[], None]] = []
        self._writing = threading.Lock()
        self._looked_at = -LOOK_AGAIN_SECONDS  # monotonic

    @property
    def loaded(self) -> bool:
        """Whether an unknown key is really unknown."""
        return self._stamp is not None

    def find(self, token: str) -> KeyFacts | None:
        """The key's facts, or None when it is unknown, revoked or expired. Marks it as used."""
        facts = self._by_digest.get(keys.digest(token))
        if facts is None or (facts.expires_at is not None and facts.expires_at <= clock.now()):
            return None
        self._used.add(facts.id)
        return facts

    def by_id(self, key_id: int, *, at: datetime) -> KeyFacts | None:
        """The same for whoever was let in earlier and wants to know whether the key still holds."""
        facts = self._by_id.get(key_id)
        if facts is None or (facts.expires_at is not None and facts.expires_at <= at):
            return None
        return facts

    def listen(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def refresh(self, facts: Mapping[str, Any]) -> None:
        with self._writing:
            stamp = selectors.keys_stamp()
            if stamp == self._stamp:
                return
            usable = selectors.usable_keys(at=clock.now())
            by_digest = {digest: KeyFacts(**fields) for digest, fields in usable}
            self._by_id = {one.id: one for one in by_digest.values()}
            self._by_digest = by_digest
            self._stamp = stamp
        for listener in self._listeners:
            listener()

    def look_again(self) -> bool:
        """Read keys that are a moment old, or all of them where no follower runs. Says whether it did.

        At most once a second, so that guesses cannot flood the database; which it asks, so not for event loops.
        """
        at = time.monotonic()
        if at - self._looked_at < LOOK_AGAIN_SECONDS:
            return False
        self._looked_at = at
        self.refresh({})
        return True

    def take_used(self) -> Mapping[int, datetime]:
        """Each key that was used since the previous call, with the present time: asked every few seconds, that is
        near enough, and cheaper than reading the clock at every request."""
        used, self._used = self._used, set()
        return dict.fromkeys(used, clock.now())

    def keep_used(self, used: Iterable[int]) -> None:
        """Take back what could not be written, for the next call of `take_used`."""
        self._used.update(used)


keyring = Keyring()
