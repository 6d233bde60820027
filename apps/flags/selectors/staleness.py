"""Flags that look ready to go: domain/staleness.py asked of one row, and the same rules as a condition for many."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from apps.core.models import Environment
from apps.flags.domain import staleness
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.staleness import TEMPORARY, Activity, Life, Purpose, Stale
from apps.flags.models import Flag, FlagState, RolloutPlan
from apps.flags.selectors.rollouts import open_rollout


def is_stale(at: datetime) -> Q:
    """Over flag states. Agrees with `why_stale`, which a test proves on random rows."""
    cutoff = at - timedelta(days=settings.STALE_DAYS)
    never = Q(activity=None, flag__created_at__lte=cutoff, environment__created_at__lte=cutoff)
    unused = Q(activity__last_served_at__lte=cutoff)
    one_sided = Q(
        status=FlagState.Status.ON,
        flag__purpose__in=TEMPORARY,
        changed_at__lte=cutoff,
        activity__since__lte=cutoff,
        activity__last_served_at__gt=cutoff,
    )
    overdue = Q(flag__expected_end__lt=at.date())
    rolling_out = Q(pk__in=RolloutPlan.objects.open().values("state"))
    in_hand = Q(status=FlagState.Status.KILLED) | Q(flag__archived_at__isnull=False) | rolling_out
    return ~in_hand & (never | unused | one_sided | overdue)


def stale_flags(found: QuerySet[Flag], *, at: datetime, environment: Environment | None = None) -> QuerySet[Flag]:
    """Those of these flags that are stale in `environment`, or in any."""
    states = FlagState.objects.filter(is_stale(at), flag__in=found.order_by())
    states = states.filter(environment=environment) if environment else states
    return found.filter(pk__in=states.values("flag"))


def why_stale(state: FlagState, *, at: datetime) -> tuple[Stale, ...]:
    """Reads rows that are loaded: the state's flag, environment, activity and open plan."""
    return staleness.staleness(_life(state), at=at, days=settings.STALE_DAYS)


def activity(state: FlagState) -> Activity | None:
    """None when the flag was never evaluated there."""
    row = getattr(state, "activity", None)
    return Activity(row.last_served_at, row.variant, row.since) if row else None


def last_served_at(state: FlagState) -> datetime | None:
    seen = activity(state)
    return seen.last_served_at if seen else None


def _life(state: FlagState) -> Life:
    return Life(
        purpose=Purpose(state.flag.purpose),
        status=FlagStatus(state.status.lower()),
        expected_end=state.flag.expected_end,
        is_archived=state.flag.archived_at is not None,
        is_rolling_out=open_rollout(state) is not None,
        known_since=max(state.flag.created_at, state.environment.created_at),
        changed_at=state.changed_at,
        activity=activity(state),
    )
