"""A rule's test: who would be told of an alert of it and why, and a notice that goes the way of real ones."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.alerts.domain import routing
from apps.alerts.domain.labels import all_match
from apps.alerts.gateways.messages import dump_notice
from apps.alerts.models import Alert, AlertRule, Channel, Notification, Route
from apps.alerts.selectors import notices
from apps.alerts.selectors.definitions import rule_of
from apps.alerts.services import channels, notifying, trail
from apps.alerts.services.delivering import deliver
from apps.alerts.services.notifying import Mute
from apps.alerts.services.telling import rule_test_notice
from apps.core.audit import Actor
from apps.monitoring.domain.series import read_series
from apps.monitoring.domain.values import Refusal

PATIENCE_SECONDS = 20.0  # for all receivers of one test; the sweep goes on with the rest
NO_LABELS: Mapping[str, str] = {}


class InvalidTest(ValidationError):
    """No series can have these labels. `message_dict` says why, below `labels`."""


@dataclass(frozen=True, slots=True)
class Hearer:
    channel: Channel
    why: str
    off: Mute | None  # why it hears nothing all the same


@dataclass(frozen=True, slots=True)
class Step:
    """A route in the order in which they are asked."""

    route: routing.Route
    fits: bool | None  # None: it was not asked, since one before it decided


@dataclass(frozen=True, slots=True)
class Telling:
    labels: Mapping[str, str]  # all that routes and silences match
    steps: tuple[Step, ...]  # empty: there are no routes
    hearers: tuple[Hearer, ...]
    mute: Mute | None  # what would mute a real alert now: a silence, or a more severe alert of its pair


def explain_telling(*, rule_id: int, at: datetime, labels: Mapping[str, str] = NO_LABELS) -> Telling:
    """Whom an alert of this rule for a series with these labels would reach now. Writes nothing. Raises InvalidTest."""
    row = AlertRule.objects.select_related("environment__project").get(pk=rule_id)
    alert = _alert(row, labels, at)
    known = _to_be(row.environment.project_id) | channels.usable(row.environment.project_id)
    around = notifying.scene(row.environment, [rule_of(row).pair], at)
    return Telling(
        labels=dict(notices.labels_of(alert)),
        steps=tuple(_steps(alert)),
        hearers=tuple(_hearers(alert, known)),
        mute=notifying.mute(alert, around, at),
    )


@dataclass(frozen=True, slots=True)
class Moved:
    """A rule whose alerts go elsewhere."""

    rule: AlertRule
    before: tuple[str, ...]  # names of channels
    after: tuple[str, ...]


def explain_deletion(*, route_id: int, at: datetime) -> list[Moved]:
    """The rules whose alerts would reach others without this route, by what rules and environments say of them: labels
    of series are not known here. Writes nothing."""
    row = Route.objects.get(pk=route_id)
    routes, known = notices.routes(row.project_id), _to_be(row.project_id) | channels.usable(row.project_id)
    without = [route for route in routes if route.key != row.key]
    rules = AlertRule.objects.filter(environment__project_id=row.project_id, enabled=True)
    moved = []
    for rule in rules.select_related("environment__project").order_by("environment__position", "key", "pk"):
        alert = _alert(rule, NO_LABELS, at)
        before, after = (_names(alert, known, asked) for asked in (routes, without))
        if before != after:
            moved.append(Moved(rule, before, after))
    return moved


def test_rule(
    *, rule_id: int, actor: Actor, reason: str, at: datetime, labels: Mapping[str, str]
) -> list[Notification]:
    """A notice to each channel that an alert of it would reach, marked as a test; one that is off gets a muted row.
    Silences and pairs do not hold it back. Raises InvalidTest."""
    with transaction.atomic():
        row = AlertRule.objects.select_related("environment__project").get(pk=rule_id)
        alert, project_id = _alert(row, labels, at), row.environment.project_id
        channels.adopt_built_in(project_id, at)
        content = dump_notice(rule_test_notice(row, rule_of(row), alert.labels, actor.label, at))
        rows = []
        for one in _hearers(alert, channels.usable(project_id)):
            why = f"{actor.label} tests the rule {row.key}: {one.why}"
            told = Notification(channel=one.channel, kind=Notification.Kind.TEST, content=content, why=why)
            rows.append(notifying.ready(told, one.off, at, at))
        Notification.objects.bulk_create(rows)
        trail.record("alerts.rule_tested", row, actor=actor, reason=reason, at=at)
    return rows


def deliver_test(*, sent: Sequence[Notification], at: datetime) -> None:
    """Send these now, as far as patience goes. How each fared stands in its row."""
    began = monotonic()
    for row in sent:
        if row.status == Notification.Status.PENDING and monotonic() - began < PATIENCE_SECONDS:
            deliver(notification_id=row.pk, at=at)


def _alert(row: AlertRule, labels: Mapping[str, str], at: datetime) -> Alert:
    """As it would be; it is never saved."""
    try:
        series = read_series("any", dict(labels))
    except Refusal as fault:
        raise InvalidTest({"labels": [str(fault)]}) from None
    return Alert(
        environment=row.environment,
        rule=row,
        key=row.key,
        name=row.name,
        severity=row.severity,
        labels=dict(series.labels),
        definition=row.definition,
        active_at=at,
        fired_at=at,
    )


def _hearers(alert: Alert, known: Mapping[str, Channel]) -> Iterator[Hearer]:
    routes = notices.routes(alert.environment.project_id)
    for channel, why, _group in notifying.chosen(alert, known, routes):
        yield Hearer(channel, why, notifying.off(channel))


def _names(alert: Alert, known: Mapping[str, Channel], routes: Sequence[routing.Route]) -> tuple[str, ...]:
    return tuple(sorted(channel.name for channel, _why, _group in notifying.chosen(alert, known, routes)))


def _to_be(project_id: int) -> dict[str, Channel]:
    """The channels of the settings that get their row with the first notice."""
    rows = {key: Channel(project_id=project_id, key=key, kind=kind) for key, (kind, _to) in channels.built_in().items()}
    for row in rows.values():
        row.name, row.built_in = channels.built_in_name(row.kind), True
    return rows


def _steps(alert: Alert) -> Iterator[Step]:
    labels, decided = notices.labels_of(alert), False
    for route in notices.routes(alert.environment.project_id):
        fits = None if decided else all_match(route.matchers, labels)
        decided = decided or (bool(fits) and not route.continues)
        yield Step(route, fits)
