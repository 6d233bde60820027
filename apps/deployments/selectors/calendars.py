"""When a target may be deployed to: its own weekly windows, and the freezes of its project and environment."""

from dataclasses import replace
from datetime import datetime

from django.db.models import Q

from apps.core.models import Environment
from apps.deployments.domain.calendar import DEFAULT_CALENDAR, Answer, Calendar, Freeze, judged
from apps.deployments.domain.calendar_parsing import parse_calendar
from apps.deployments.models import FreezeWindow, Target


def calendar_of(target: Target, since: datetime) -> Calendar:
    """With every freeze that ends after `since`."""
    return calendar_here(target.environment, target, since)


def calendar_here(environment: Environment, target: Target | None, since: datetime) -> Calendar:
    """Of a target, or of whatever keeps to the usual days."""
    own = DEFAULT_CALENDAR if target is None or target.windows is None else parse_calendar(target.windows)
    frozen = freezes(environment, since)
    kept = tuple(Freeze(row.starts_at, row.ends_at, f"{row.name}: {row.reason}") for row in frozen)
    return replace(own, freezes=(*own.freezes, *kept))


def answer(target: Target, at: datetime) -> Answer:
    return judged(calendar_of(target, at), at)


def freezes(environment: Environment, since: datetime) -> list[FreezeWindow]:
    """Of the environment and of its whole project, those that end after `since`."""
    here = Q(environment=environment) | Q(environment=None)
    rows = FreezeWindow.objects.filter(here, project=environment.project_id, ends_at__gt=since)
    return list(rows.select_related("project", "environment").order_by("starts_at"))
