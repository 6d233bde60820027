"""Everything the overview of one environment shows: a fixed number of queries, however much there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.alerts.selectors import OpenAlert, OpenIncident, alerts_now, incidents_now
from apps.console.selectors import health
from apps.core import selectors as core
from apps.core.models import ApiKey, AuditEntry, Environment
from apps.flags import selectors as flags
from apps.flags.selectors import StoppedRollout

HOURS = 24
TRAIL_ENTRIES = 10
KEY_WARNING = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Hour:
    start: datetime
    evaluations: int


@dataclass(frozen=True, slots=True)
class Overview:
    incidents: Sequence[OpenIncident]  # that are open, the worst first
    alerts: Sequence[OpenAlert]  # that are open, the worst first
    flags: flags.Summary
    stopped: Sequence[StoppedRollout]  # rollout plans that wait for a person or a guard
    hours: Sequence[Hour]  # the last 24, oldest first; the last one is still running
    changes_today: int
    trail: Sequence[AuditEntry]
    expiring: Sequence[ApiKey]
    client_key: ApiKey | None
    example_flag: str  # a key to try with; "" without flags
    parts: Sequence[health.Part]

    @property
    def evaluations(self) -> int:
        return sum(hour.evaluations for hour in self.hours)

    @property
    def well(self) -> int:
        return len(self.parts) - len(self.ailing)

    @property
    def ailing(self) -> list[health.Part]:
        return [part for part in self.parts if not part.well]


def overview(environment: Environment, *, at: datetime) -> Overview:
    project = environment.project
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    trail = core.audit_entries(project=project)
    exposed = flags.flags(project).order_by("-client_exposed", "key").values_list("key", flat=True)
    return Overview(
        incidents=incidents_now(environment),
        alerts=alerts_now(environment),
        flags=flags.flag_summary(environment, at=at),
        stopped=flags.stopped_rollouts(environment, at=at),
        hours=_hours(environment, at),
        changes_today=trail.filter(at__gte=midnight).order_by().count(),
        trail=list(trail[:TRAIL_ENTRIES]),
        expiring=list(core.keys_expiring(at=at, within=KEY_WARNING).filter(project=project)),
        client_key=core.client_key(environment, at=at),
        example_flag=exposed.first() or "",
        parts=health.parts(),
    )


def _hours(environment: Environment, at: datetime) -> list[Hour]:
    last = at.replace(minute=0, second=0, microsecond=0)
    starts = [last - timedelta(hours=back) for back in reversed(range(HOURS))]
    counted = flags.evaluations_by_hour(environment, since=starts[0])
    return [Hour(start, counted.get(start, 0)) for start in starts]
