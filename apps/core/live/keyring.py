"""Every usable API key in memory, by digest, so that no request asks the database who it is."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.core import clock, selectors
from apps.core.domain import keys


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
    """Swapped as a whole; readers never lock."""

    topic = "keys"

    def __init__(self) -> None:
        self._stamp: object = None
        self._by_digest: Mapping[bytes, KeyFacts] = {}
        self._used: dict[int, datetime] = {}
        self._writing = threading.Lock()

    def find(self, token: str) -> KeyFacts | None:
        """The key's facts, or None when it is unknown, revoked or expired. Marks it as used."""
        facts = self._by_digest.get(keys.digest(token))
        if facts is None:
            return None
        at = clock.now()
        if facts.expires_at is not None and facts.expires_at <= at:
            return None
        self._used[facts.id] = at
        return facts

    def holds(self, key_id: int) -> bool:
        return any(facts.id == key_id for facts in self._by_digest.values())

    def refresh(self, facts: Mapping[str, Any]) -> None:
        with self._writing:
            stamp = selectors.keys_stamp()
            if stamp == self._stamp:
                return
            self._by_digest = {
                digest: KeyFacts(**fields) for digest, fields in selectors.usable_keys(at=clock.now())
            }
            self._stamp = stamp

    def take_used(self) -> Mapping[int, datetime]:
        """When each key was last used since the previous call."""
        used, self._used = self._used, {}
        return used


keyring = Keyring()
