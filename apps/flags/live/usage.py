"""How often each variant was served by this process, until it is written down. Writing is the caller's business."""

import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from apps.flags.domain.engine.outcome import Outcome

logger = logging.getLogger(__name__)
HOURS_KEPT = 48  # while PostgreSQL is away

Counts = Counter[tuple[int, str, str]]  # (environment id, flag key, variant)


class Usage:
    """Outcomes are few, shared and hashed by identity, so that counting a hundred of them is one C loop. The lock
    makes every count exact; it is held for microseconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._served: defaultdict[int, Counter[Outcome]] = defaultdict(Counter)
        self._waiting: dict[datetime, Counts] = {}  # by hour, oldest first; touched by the flushing thread alone
        self.total = 0  # evaluations since the process started

    def count(self, environment_id: int, outcomes: Iterable[Outcome]) -> None:
        with self._lock:
            self._served[environment_id].update(outcomes)

    def count_one(self, environment_id: int, outcome: Outcome) -> None:
        with self._lock:
            self._served[environment_id][outcome] += 1

    def waiting(self, *, at: datetime) -> Mapping[datetime, Counts]:
        """Everything not yet written, by hour. Call `written` for each hour that was."""
        with self._lock:
            served, self._served = self._served, defaultdict(Counter)
        if served:
            hour = at.replace(minute=0, second=0, microsecond=0)
            self._waiting.setdefault(hour, Counter()).update(self._by_variant(served))
            self._forget_oldest()
        return dict(self._waiting)

    @staticmethod
    def last_moment(hour: datetime, *, at: datetime) -> datetime:
        """When the counts of that hour were made at the latest, seen at `at`."""
        return min(at, hour + timedelta(minutes=59, seconds=59))

    def written(self, hour: datetime) -> None:
        del self._waiting[hour]

    def _by_variant(self, served: Mapping[int, Counter[Outcome]]) -> Counts:
        """Errors count as evaluations, but no variant was served."""
        counts: Counts = Counter()
        for environment_id, outcomes in served.items():
            for outcome, times in outcomes.items():
                self.total += times
                if outcome.variant is not None:
                    counts[environment_id, outcome.key, outcome.variant] += times
        return counts

    def _forget_oldest(self) -> None:
        while len(self._waiting) > HOURS_KEPT:
            hour = next(iter(self._waiting))
            lost = self._waiting.pop(hour).total()
            logger.error("PostgreSQL has been away for long: %s evaluations of %s are not counted", lost, hour)


usage = Usage()
