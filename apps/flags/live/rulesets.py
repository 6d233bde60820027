"""This process's compiled rulesets: immutable, swapped as a whole, read without a lock and without a query."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.conf import settings

from apps.core import clock
from apps.flags import selectors
from apps.flags.domain.engine.compiler import CompiledRuleset, compile_ruleset
from apps.flags.selectors import Stamp, StateStamp


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """One environment's flags at one version."""

    environment_id: int
    compiled: CompiledRuleset
    stamp: Stamp
    period: int  # moves when a window opens or closes: another configuration for clients, though the version stays
    etag: str  # names the configuration to clients; the version leads
    states: Mapping[str, StateStamp]  # what each flag was compiled from
    segments: Mapping[str, int]  # and each segment: its version
    remarks: dict[int, Any] = field(default_factory=dict)  # an edge's notes per API key; they die with the swap

    @property
    def version(self) -> int:
        return self.stamp[0]

    @property
    def changed_at(self) -> datetime:
        return self.stamp[1]


Listener = Callable[[Published], None]


class Rulesets:
    """Environment id to what is published there. Listeners hear of every swap, in the thread that made it."""

    topic = "rulesets"

    def __init__(self) -> None:
        self._published: dict[int, Published] = {}
        self._listeners: list[Listener] = []
        self._writing = threading.Lock()

    def get(self, environment_id: int) -> CompiledRuleset | None:
        published = self._published.get(environment_id)
        return None if published is None else published.compiled

    def published(self, environment_id: int) -> Published | None:
        return self._published.get(environment_id)

    def versions(self) -> dict[int, int]:
        """By environment id."""
        return {one.environment_id: one.version for one in list(self._published.values())}

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def refresh(self, facts: Mapping[str, Any]) -> None:
        """Load what moved; `facts` may name the one environment to look at."""
        now = clock.seconds()
        with self._writing:
            stamps = selectors.ruleset_stamps()
            wanted = {facts["environment"]} & stamps.keys() if "environment" in facts else stamps.keys()
            for environment_id in wanted:
                self._bring_to(environment_id, stamps[environment_id], now)

    def _bring_to(self, environment_id: int, stamp: Stamp, now: float) -> None:
        present = self._published.get(environment_id)
        if present is not None and present.stamp == stamp:
            period = present.compiled.period(now)
            if period == present.period:
                return
            published = replace(present, period=period, etag=_etag(stamp, period), remarks={})
        # A smaller number means that the database was restored: nothing known about it can be trusted.
        elif present is not None and present.version < stamp[0]:
            published = _next(present, stamp, now)
        else:
            published = _first(environment_id, stamp, now)
        self._published[environment_id] = published
        for listener in self._listeners:
            listener(published)


def _first(environment_id: int, stamp: Stamp, now: float) -> Published:
    states, segments = selectors.state_stamps(environment_id), selectors.segment_versions(environment_id)
    compiled = compile_ruleset(selectors.ruleset(environment_id))
    return _published(environment_id, compiled, stamp, (states, segments), now)


def _next(present: Published, stamp: Stamp, now: float) -> Published:
    """Reads and compiles only what is not as it was, so that a toggle costs the same among ten thousand flags."""
    environment_id = present.environment_id
    states, segments = selectors.state_stamps(environment_id), selectors.segment_versions(environment_id)
    moved = {key for key in present.states.keys() | states.keys() if present.states.get(key) != states.get(key)}
    changed = selectors.flags_in(environment_id, moved & states.keys())
    compiled = present.compiled.replace(
        stamp[0],
        changed,
        selectors.segments_of(environment_id) if segments != present.segments else None,
        removed=moved - {flag.key for flag in changed},
    )
    return _published(environment_id, compiled, stamp, (states, segments), now)


def _published(
    environment_id: int,
    compiled: CompiledRuleset,
    stamp: Stamp,
    seen: tuple[Mapping[str, StateStamp], Mapping[str, int]],
    now: float,
) -> Published:
    """`seen` are the states and the segments that it was compiled from."""
    period = compiled.period(now)
    return Published(environment_id, compiled, stamp, period, _etag(stamp, period), *seen)


def _etag(stamp: Stamp, period: int) -> str:
    """Answers depend on more than the version: a restored database uses it again, a restart may bring another
    release or other locked values."""
    basis = f"{stamp[1].isoformat()} {settings.VERSION} {sorted(settings.FEATURE_LOCKS.items())} {period}"
    return f"{stamp[0]}-{blake2b(basis.encode(), digest_size=4).hexdigest()}"


def version_in(etag: str) -> int:
    """The version in an etag of ours, 0 when it is something else."""
    digits = etag.partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 0


rulesets = Rulesets()
