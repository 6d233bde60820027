"""Health checks for readers outside: how each stands and fared, and nothing of what it asks or where."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from apps.monitoring.domain.checks.standing import State
from apps.monitoring.domain.checks.uptime import DAYS, Day
from apps.monitoring.models import HealthCheck
from apps.monitoring.selectors.checks import days_of_many, standing_of


@dataclass(frozen=True, slots=True)
class Watched:
    key: str
    state: State
    days: tuple[Day, ...]  # the oldest first


def watched(environment_id: int, keys: Collection[str], *, at: datetime, days: int = DAYS) -> dict[str, Watched]:
    """By key, those of `keys` that are there and not archived; two queries."""
    rows = list(HealthCheck.objects.kept().filter(environment=environment_id, key__in=keys))
    passed = days_of_many(rows, at=at, days=days)
    return {row.key: Watched(row.key, standing_of(row).state, passed[row.pk]) for row in rows}


def check_names(environment_id: int) -> list[tuple[str, str]]:
    """Key and name of each that is not archived, by name."""
    rows = HealthCheck.objects.kept().filter(environment=environment_id)
    return list(rows.order_by("name", "pk").values_list("key", "name"))
