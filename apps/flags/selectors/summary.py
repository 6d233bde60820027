"""An environment's flags at a glance, for the overview: counts, what is killed, what a variable locks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Sum

from apps.core.models import AuditEntry, Environment
from apps.flags.domain.locks import UnreadableLock, variable_name
from apps.flags.models import Flag, FlagState, FlagUsage
from apps.flags.selectors import definitions
from apps.flags.selectors.flags import flags
from apps.flags.selectors.overview import tab_counts


@dataclass(frozen=True, slots=True)
class KilledFlag:
    key: str
    at: datetime
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class LockedFlag:
    """A flag whose variable is set. `variant` is None when the variable's text cannot be read."""

    key: str
    variable: str
    variant: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    all: int
    on: int  # fully, without rules
    rolling_out: int  # on, by rules or shares
    off: int
    stale: int  # of those above
    killed: tuple[KilledFlag, ...]
    locked: tuple[LockedFlag, ...]


def flag_summary(environment: Environment, *, at: datetime) -> Summary:
    """Archived flags count nowhere."""
    counts = tab_counts(flags(environment.project), environment, at=at)
    return Summary(
        all=counts["all"],
        on=counts["on"],
        rolling_out=counts["rolling-out"],
        off=counts["off"],
        stale=counts["stale"],
        killed=_killed(environment),
        locked=_locked(environment),
    )


def evaluations_by_hour(environment: Environment, *, since: datetime) -> dict[datetime, int]:
    """Of all flags together; hours without any are left out."""
    rows = FlagUsage.objects.filter(environment=environment, hour__gte=since).order_by("hour")
    return dict(rows.values_list("hour").annotate(Sum("count")))


def _killed(environment: Environment) -> tuple[KilledFlag, ...]:
    """Newest first. Who and when is in the trail: a later edit of the flag makes a version, but no kill."""
    states = FlagState.objects.in_use().filter(environment=environment, status=FlagState.Status.KILLED)
    keys = {str(pk): key for pk, key in states.values_list("pk", "flag__key")}
    kills = AuditEntry.objects.filter(kind="flags.killed", subject_type="flags.flagstate", subject_id__in=keys)
    last = {kill.subject_id: kill for kill in kills.order_by("id")} if keys else {}
    newest = sorted(last.values(), key=lambda kill: kill.at, reverse=True)
    return tuple(KilledFlag(keys[kill.subject_id], kill.at, kill.actor_label, kill.reason) for kill in newest)


def _locked(environment: Environment) -> tuple[LockedFlag, ...]:
    if not settings.FEATURE_LOCKS:
        return ()
    keys = flags(environment.project).values_list("key", flat=True)
    named = [key for key in keys if variable_name(key) in settings.FEATURE_LOCKS]
    rows = Flag.objects.filter(project=environment.project_id, key__in=named).prefetch_related("variants")
    return tuple(_read(rows.order_by("key")))


def _read(rows: Iterable[Flag]) -> Iterable[LockedFlag]:
    for row in rows:
        try:
            read = definitions.locking(row)
        except UnreadableLock:
            read = None
        yield LockedFlag(row.key, variable_name(row.key), read.variant if read else None)
