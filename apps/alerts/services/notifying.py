"""Whom an alert is told to: routes choose the channels, silences and pairs mute, and each choice becomes a row of the
outbox, muted ones too, so that the log answers why somebody was not told. Sends nothing: that is delivering.py's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
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
    """What is read once for all that a rule tells at a moment."""

    silences: Sequence[tuple[Silence, silences.Silence]]
    firing: Sequence[Live]


def tell(environment: Environment, rule: Rule, alerts: Sequence[Alert], at: datetime, *, ended: str = "") -> None:
    """Write the notices of alerts that opened or closed just now, in the transaction in which they did. `ended` says
    why they closed, if not because all is well."""
    opened = [alert for alert in alerts if alert.resolved_at is None]
    again = {alert.fingerprint for alert in opened}
    rows = [row for alert in alerts if alert.resolved_at for row in _recoveries(alert, rule, at, again, ended)]
    if opened:
        channels.adopt_built_in(environment.project_id, at)
        rows += _firings(environment, rule, opened, at)
    Notification.objects.bulk_create(rows)


def scene(environment: Environment, pairs: Sequence[str], at: datetime) -> Scene:
    return Scene(notices.active_silences(environment, at), notices.live_of_pairs(environment.pk, pairs))


def mute(alert: Alert, around: Scene, at: datetime) -> Mute | None:
    """Why nobody is to hear of it now."""
    above = muted_by(notices.live_of(alert), around.firing)
    if above is not None:
        return Mute(MutedBy.PAIR, f"{above.rule_key} fires for the same and is more severe ({above.severity.value})")
    active = {id(of): row for row, of in around.silences}
    found = silences.silenced_by([of for _row, of in around.silences], notices.labels_of(alert), at)
    if found is None:
        return None
    row = active[id(found)]
    words = f"silence {row.pk} of {row.author_label} until {row.ends_at:%Y-%m-%d %H:%M} UTC"
    return Mute(MutedBy.SILENCE, words + (f": {row.reason}" if row.reason else ""))


def off(channel: Channel) -> Mute | None:
    return None if channel.enabled else Mute(MutedBy.CHANNEL, f"the channel is off: {channel.disabled_reason}")


def _firings(environment: Environment, rule: Rule, opened: Sequence[Alert], at: datetime) -> list[Notification]:
    routes, known = notices.routes(environment.project_id), channels.usable(environment.project_id)
    around, changed = scene(environment, [rule.pair], at), notices.flag_changes(environment, at)
    held = notices.has_more_severe(environment.pk, rule.pair, rule.severity)
    due = at + timedelta(seconds=settings.JUDGE_SECONDS) if held else at  # the more severe one may be judged just now
    rows = []
    for alert in opened:
        kind = Kind.NO_DATA if alert.kind == Alert.Kind.NO_DATA else Kind.FIRED
        content, muted = dump_notice(notice_of(alert, rule, kind, changed, at)), mute(alert, around, at)
        for channel, why, group in chosen(alert, known, routes):
            row = Notification(alert=alert, channel=channel, kind=kind, content=content, why=why, group_key=group)
            rows.append(ready(row, off(channel) or muted, due, at))
    return rows


def _recoveries(alert: Alert, rule: Rule, at: datetime, again: set[UUID], ended: str) -> Iterator[Notification]:
    """Told where the firing was, or will be once it gets through."""
    told = alert.notifications.filter(kind__in=[Kind.FIRED, Kind.NO_DATA]).select_related("channel").order_by("pk")
    firings = [row for row in told if row.muted_by != MutedBy.CHANNEL]
    if not firings:
        return
    content = dump_notice(notice_of(alert, rule, Kind.RECOVERED, (), at, ended=ended))
    for firing in firings:
        muted = None
        if firing.status in (Status.MUTED, Status.FAILED):
            muted = Mute(MutedBy.UNTOLD, "nobody was told there that it fired")
        elif alert.fingerprint in again:
            muted = Mute(MutedBy.UNTOLD, "the same series goes on as another alert")
        row = Notification(alert=alert, channel=firing.channel, kind=Kind.RECOVERED, content=content)
        row.why, row.group_key = f"because {firing.get_kind_display().lower()} was told there", firing.group_key
        yield ready(row, muted, at, at)


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
