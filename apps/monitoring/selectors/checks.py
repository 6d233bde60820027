"""Health checks as the domain knows them, and their days. Nothing is decided here."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.db.models import Case, DateTimeField, DurationField, F, Func, Max, QuerySet, Value, When

from apps.core import selectors as core
from apps.core.models import Environment
from apps.monitoring.domain.checks.heartbeats import Pulse
from apps.monitoring.domain.checks.kinds import CheckConfig, HeartbeatCheck, Kind, Period, ReportedCheck
from apps.monitoring.domain.checks.reading import read_check
from apps.monitoring.domain.checks.standing import Standing, State, Thresholds
from apps.monitoring.domain.checks.uptime import DAYS, Day
from apps.monitoring.models import HealthCheck, HealthDay, HealthResult

DAY_SECONDS = 86_400.0
CHART_STEP = timedelta(minutes=5)


def health_checks(environment: Environment) -> QuerySet[HealthCheck]:
    """Those that are not archived."""
    return HealthCheck.objects.kept().filter(environment=environment)


def worst_first(rows: QuerySet[HealthCheck]) -> QuerySet[HealthCheck]:
    """Down, then failing, then the others by name."""
    place = Case(When(settled=HealthCheck.State.DOWN, then=0), When(streak__gt=0, then=1), default=2)
    return rows.order_by(place, "name", "pk")


def results_of(
    check: HealthCheck, *, since: datetime | None = None, until: datetime | None = None
) -> QuerySet[HealthResult]:
    """Those in [since, until), as far as either is given."""
    rows = HealthResult.objects.filter(of=check)
    rows = rows if since is None else rows.filter(at__gte=since)
    return rows if until is None else rows.filter(at__lt=until)


def slowest_over(check: HealthCheck, *, since: datetime, until: datetime) -> list[tuple[datetime, float]]:
    """The longest response time of every five minutes, so that a chart of a busy check stays small."""
    step = Value(CHART_STEP, output_field=DurationField())
    begin = Value(since, output_field=DateTimeField())
    bucket = Func(step, F("at"), begin, function="date_bin", output_field=DateTimeField())
    rows = results_of(check, since=since, until=until).exclude(latency_seconds=None)
    slowest = rows.values(bucket=bucket).annotate(slowest=Max("latency_seconds")).order_by("bucket")
    return list(slowest.values_list("bucket", "slowest"))


def standing_since(row: HealthCheck) -> datetime | None:
    """The first good result of a new check is no entry of the trail: it counts from where the check was new."""
    standing = standing_of(row)
    if standing.state is State.FAILING:
        return standing.streak_at
    flips = core.audit_of("monitoring.healthcheck", row.pk).filter(changes__has_key="state")
    flip = flips.order_by("-at", "-id").first()
    return row.created_at if flip is None else flip.at


def config_of(row: HealthCheck) -> CheckConfig:
    return read_check(Kind(row.kind), row.config)


def standing_of(row: HealthCheck) -> Standing:
    return Standing(State(row.settled), row.streak, row.streak_at, row.checked_at)


def thresholds_of(row: HealthCheck) -> Thresholds:
    return Thresholds(row.failures, row.recoveries)


def pulse_of(row: HealthCheck) -> Pulse:
    return Pulse(row.ended_at, row.started_at)


def next_miss(row: HealthCheck, config: CheckConfig) -> datetime | None:
    """When silence becomes the next failure, of those that have not been counted. None: nothing is waited for."""
    assert isinstance(config, HeartbeatCheck | ReportedCheck)
    return min(_misses(row, config, row.missed_at or row.created_at), default=None)


def _misses(row: HealthCheck, config: HeartbeatCheck | ReportedCheck, since: datetime) -> Iterator[datetime]:
    grace = timedelta(seconds=config.grace_seconds)
    if row.started_at is not None and row.started_at + grace > since:
        yield row.started_at + grace
    if row.ended_at is not None:
        schedule = Period(config.expected_every_seconds) if isinstance(config, ReportedCheck) else config.schedule
        for due in islice(schedule.runs_after(row.ended_at, beyond=since - grace), 1):
            yield due + grace


def days_of(check: HealthCheck, *, at: datetime, days: int = DAYS) -> tuple[Day, ...]:
    """The last days, the oldest first; today's ends at `at`. Time that nothing was known of is unknown."""
    return days_of_many([check], at=at, days=days)[check.pk]


def days_of_many(checks: list[HealthCheck], *, at: datetime, days: int = DAYS) -> Mapping[int, tuple[Day, ...]]:
    """By check, in one query."""
    today = at.astimezone(UTC).date()
    span = [today - timedelta(days=n) for n in reversed(range(days))]
    rows = HealthDay.objects.filter(of__in=checks, day__gte=span[0], day__lte=today)
    kept = {(of, day): (up, down) for of, day, up, down in rows.values_list("of", "day", "up_seconds", "down_seconds")}
    passed = (at.astimezone(UTC) - datetime(today.year, today.month, today.day, tzinfo=UTC)).total_seconds()
    lengths = {day: passed if day == today else DAY_SECONDS for day in span}
    return {
        check.pk: tuple(Day(day, *_known(kept.get((check.pk, day), (0.0, 0.0)), lengths[day])) for day in span)
        for check in checks
    }


def _known(kept: tuple[float, float], length: float) -> tuple[float, float, float]:
    up, down = kept
    return up, down, max(0.0, length - up - down)
