"""Whom an alert is told to: routes choose the channels, silences and pairs mute, and each choice becomes a row of the
outbox, muted ones too, so that the log answers why somebody was not told. Sends nothing: that is delivering.py's."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.conf import settings

from apps.alerts.domain import routing, silences
from apps.alerts.domain.labels import Labels
from apps.alerts.domain.pairs import Live, muted_by
from apps.alerts.domain.rules import Rule, Severity
from apps.alerts.gateways.messages import dump_notice
from apps.alerts.models import Alert, Channel, Notification, Silence
from apps.alerts.selectors import notices
from apps.alerts.services import channels
from apps.alerts.services.telling import notice_of
from apps.core.models import Environment

Kind, Status, MutedBy = Notification.Kind, Notification.Status, Notification.MutedBy
EVERYWHERE = (Severity.CRITICAL, Severity.ERROR)  # without routes: to which channels which severities go
CHAT = (Channel.Kind.SLACK, Channel.Kind.WEBHOOK)


class Mute(NamedTuple):
    by: str
    words: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What is read once for all that is told at a moment."""

    silences: Sequence[tuple[Silence, silences.Silence]]
    firing: Mapping[tuple[str, Labels], Sequence[Live]]  # by pair and labels, so that a storm is no square


def tell(
    environment: Environment, rules: Mapping[str, Rule], alerts: Sequence[Alert], at: datetime, *, ended: str = ""
) -> None:
    """Write the notices of alerts that opened or closed just now, in the transaction in which they did. Their rules are
    given by key, and what decides is read once for all. `ended` says why they closed, if not because all is well."""
    opened = [alert for alert in alerts if alert.resolved_at is None]
    closed = [alert for alert in alerts if alert.resolved_at is not None]
    again = {_series(alert) for alert in opened}
    rows = list(_recoveries(closed, rules, at, again, ended)) if closed else []
    if opened:
        channels.adopt_built_in(environment.project_id, at)
        rows += _firings(environment, rules, opened, at)
    Notification.objects.bulk_create(rows)


def scene(environment: Environment, pairs: Sequence[str], at: datetime) -> Scene:
    firing: defaultdict[tuple[str, Labels], list[Live]] = defaultdict(list)
    for one in notices.live_of_pairs(environment.pk, pairs):
        firing[one.pair, one.labels].append(one)
    return Scene(notices.active_silences(environment, at), dict(firing))


def mute(alert: Alert, around: Scene, at: datetime) -> Mute | None:
    """Why nobody is to hear of it now."""
    live = notices.live_of(alert)
    above = muted_by(live, around.firing.get((live.pair, live.labels), ()))
    if above is not None:
        return Mute(MutedBy.PAIR, f"{above.rule_key} fires for the same and is more severe ({above.severity.value})")
    return silenced(around.silences, notices.labels_of(alert), at)


def silenced(around: Sequence[tuple[Silence, silences.Silence]], labels: Labels, at: datetime) -> Mute | None:
    active = {id(of): row for row, of in around}
    found = silences.silenced_by([of for _row, of in around], labels, at)
    if found is None:
        return None
    row = active[id(found)]
    words = f"silence {row.pk} of {row.author_label} until {row.ends_at:%Y-%m-%d %H:%M} UTC"
    return Mute(MutedBy.SILENCE, words + (f": {row.reason}" if row.reason else ""))


def off(channel: Channel) -> Mute | None:
    return None if channel.enabled else Mute(MutedBy.CHANNEL, f"the channel is off: {channel.disabled_reason}")


def _firings(
    environment: Environment, rules: Mapping[str, Rule], opened: Sequence[Alert], at: datetime
) -> list[Notification]:
    routes, known = notices.routes(environment.project_id), channels.usable(environment.project_id)
    pairs = {rules[alert.key].pair for alert in opened} - {""}
    around, changed = scene(environment, list(pairs), at), notices.recent_changes(environment, at)
    above = notices.most_severe(environment.pk, pairs)
    rows = []
    for alert in opened:
        to = chosen(alert, known, routes)
        if not to:
            continue
        rule = rules[alert.key]
        held = rule.pair in above and above[rule.pair].rank > rule.severity.rank
        due = at + timedelta(seconds=settings.JUDGE_SECONDS) if held else at  # the severer one may be judged just now
        kind = Kind.NO_DATA if alert.kind == Alert.Kind.NO_DATA else Kind.FIRED
        content, muted = dump_notice(notice_of(alert, rule, kind, changed, at)), mute(alert, around, at)
        for channel, why, group in to:
            row = Notification(alert=alert, channel=channel, kind=kind, content=content, why=why, group_key=group)
            rows.append(ready(row, off(channel) or muted, due, at))
    return rows


def _recoveries(
    closed: Sequence[Alert], rules: Mapping[str, Rule], at: datetime, again: set[tuple[str, UUID]], ended: str
) -> Iterator[Notification]:
    """Told where the firing was, or will be once it gets through."""
    told = Notification.objects.filter(alert__in=closed, kind__in=[Kind.FIRED, Kind.NO_DATA])
    heard = told.exclude(muted_by=MutedBy.CHANNEL).select_related("channel").order_by("pk")
    firings: defaultdict[int | None, list[Notification]] = defaultdict(list)
    for row in heard:
        firings[row.alert_id].append(row)
    for alert in closed:
        if alert.pk in firings:
            content = dump_notice(notice_of(alert, rules[alert.key], Kind.RECOVERED, (), at, ended=ended))
            for firing in firings[alert.pk]:
                yield _recovery(alert, firing, content, at, goes_on=_series(alert) in again)


def _recovery(
    alert: Alert, firing: Notification, content: dict[str, Any], at: datetime, *, goes_on: bool
) -> Notification:
    muted = None
    if firing.status in (Status.MUTED, Status.FAILED):
        muted = Mute(MutedBy.UNTOLD, "nobody was told there that it fired")
    elif goes_on:
        muted = Mute(MutedBy.UNTOLD, "the same series goes on as another alert")
    row = Notification(alert=alert, channel=firing.channel, kind=Kind.RECOVERED, content=content)
    row.why, row.group_key = f"because {firing.get_kind_display().lower()} was told there", firing.group_key
    return ready(row, muted, at, at)


def _series(alert: Alert) -> tuple[str, UUID]:
    """Which series of which rule it is about."""
    return alert.key, alert.fingerprint


def ready(row: Notification, muted: Mute | None, due: datetime, at: datetime) -> Notification:
    row.dedup_id, row.created_at = uuid4(), at
    if muted is None:
        row.due_at = due
    else:
        row.status, row.muted_by, row.why = Status.MUTED, muted.by, f"{row.why}; muted: {muted.words}"
    return row


def chosen(
    alert: Alert, known: Mapping[str, Channel], routes: Sequence[routing.Route]
) -> list[tuple[Channel, str, str]]:
    """Channels, each with the reason and the key of the group; the first route that names a channel counts."""
    labels = notices.labels_of(alert)
    if not routes:
        return _usual(alert, known, labels)
    found: dict[str, tuple[Channel, str, str]] = {}
    for route in routing.routes_for(routes, labels):
        for key in route.channels:
            if key in known and key not in found:
                group = routing.group_key(route, labels)
                found[key] = (known[key], f"route {route.key}", group)
    return list(found.values())


def _usual(alert: Alert, known: Mapping[str, Channel], labels: Labels) -> list[tuple[Channel, str, str]]:
    group = routing.group_key(routing.Route(key="", group_by=(routing.RULE_LABEL, notices.ENVIRONMENT_LABEL)), labels)
    severity = Severity(alert.severity)
    why = f"there are no routes, and {severity.value} goes here without"
    return [(channel, why, group) for channel in known.values() if _hears(channel, severity)]


def _hears(channel: Channel, severity: Severity) -> bool:
    """Mail from the settings is for critical alerts alone."""
    if channel.built_in and channel.kind == Channel.Kind.EMAIL:
        return severity is Severity.CRITICAL
    return severity in EVERYWHERE or (severity is Severity.WARNING and channel.kind in CHAT)
