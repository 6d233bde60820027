"""What a notice says of an alert, in words: how bad, since when, what changed before. Decides and writes nothing."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings

from apps.alerts.domain.rules import Aggregate, Rule
from apps.alerts.gateways.messages import Change, Link, Notice, cut
from apps.alerts.models import Alert, AlertRule, Channel, Notification
from apps.core import navigation
from apps.core.models import AuditEntry
from apps.flags.domain.wording import duration

Kind = Notification.Kind
FLAG, STATE, DEPLOYMENT = "flags.flag", "flags.flagstate", "deployments.deployment"
KILLED, ARCHIVED = "flags.killed", "flags.flag_archived"  # after which there is nothing to kill
BUTTON = 50  # characters of a flag's key


def notice_of(
    alert: Alert, rule: Rule, kind: str, changed: Sequence[AuditEntry], at: datetime, *, ended: str = ""
) -> Notice:
    environment = alert.environment
    project = environment.project.key
    place = f"{settings.PUBLIC_URL}/admin/p/{project}/{environment.key}"
    changed = () if kind == Kind.RECOVERED else changed
    return Notice(
        kind=kind,
        severity=alert.severity,
        rule=alert.key,
        name=alert.name,
        project=project,
        environment=environment.key,
        seen=_ended(alert, rule, ended, at) if ended else _seen(alert, rule, kind, at),
        ended=ended,
        at=alert.active_at.isoformat(),
        description=rule.description,
        value=_finite(alert.value),
        threshold=_finite(rule.threshold),
        labels=alert.labels,
        changes=tuple(Change(one.at.isoformat(), _change(one), _url(one, place)) for one in changed),
        url=f"{place}/alerts/{alert.pk}/",
        incident_url=f"{place}/incidents/{alert.incident_id}/" if alert.incident_id else "",
        alert_id=alert.pk,
        links=() if kind == Kind.RECOVERED else tuple(_links(alert, changed, place)),
    )


def test_notice(channel: Channel, who: str, at: datetime) -> Notice:
    return Notice(
        kind=Kind.TEST,
        severity="info",
        rule="test",
        name="notices arrive",
        project=channel.project.key,
        environment="",
        seen=f"{who} tests the channel {channel.name}. Nothing is wrong.",
        at=at.isoformat(),
        url=f"{settings.PUBLIC_URL}/admin/",
    )


def rule_test_notice(row: AlertRule, rule: Rule, labels: Mapping[str, str], who: str, at: datetime) -> Notice:
    environment = row.environment
    project = environment.project.key
    limit = f"{rule.comparison.words} the limit of {rule.in_words(rule.threshold)}"
    return Notice(
        kind=Kind.TEST,
        severity=row.severity,
        rule=row.key,
        name=row.name,
        project=project,
        environment=environment.key,
        seen=f"{who} tests this rule. Nothing is wrong. A real notice tells when {quantity(rule)} is {limit}.",
        at=at.isoformat(),
        description=rule.description,
        threshold=_finite(rule.threshold),
        labels=labels,
        url=f"{settings.PUBLIC_URL}/admin/p/{project}/{environment.key}/rules/{row.key}/",
    )


def quantity(rule: Rule) -> str:
    """As in "p95 of response_time over 5 minutes"."""
    query = rule.query
    if query.aggregate is Aggregate.RATIO and query.denominator is not None:
        what = f"{query.metric} per {query.denominator.metric}"
    else:
        what = f"{query.aggregate.value} of {query.metric}"
    return f"{what} over {duration(query.window_seconds)}"


def _seen(alert: Alert, rule: Rule, kind: str, at: datetime) -> str:
    value = "no data" if alert.value is None else rule.in_words(alert.value)
    if kind == Kind.NO_DATA:
        return f"{quantity(rule)}: no data"
    if kind == Kind.RECOVERED:
        return f"{quantity(rule)}: {value}{_worst(alert, rule)}. It lasted {_lasted(at - alert.active_at)}."
    limit = f"{rule.comparison.words} the limit of {rule.in_words(rule.threshold)}"
    if alert.value is None:
        return f"{quantity(rule)}: no data, which counts as {limit}"
    against = f" against {rule.relative.baseline.words}" if rule.relative else ""
    return f"{quantity(rule)}{against}: {value}, {limit}"


def _ended(alert: Alert, rule: Rule, why: str, at: datetime) -> str:
    """Nothing is known of its being well, and nothing is said of it."""
    value = "no data" if alert.value is None else rule.in_words(alert.value)
    seen = f"When last seen, {quantity(rule)} was {value}; it had lasted {_lasted(at - alert.active_at)}."
    return f"{why[:1].upper()}{why[1:]}; whether it is well is not known. {seen}"


def _worst(alert: Alert, rule: Rule) -> str:
    return "" if alert.peak is None else f", at worst {rule.in_words(alert.peak)}"


def _lasted(length: timedelta) -> str:
    """To the minute, once it is longer than two."""
    seconds = int(length.total_seconds())
    if seconds < 120:
        return duration(seconds)
    minutes, hours = seconds // 60 % 60, seconds // 3_600
    parts = [duration(hours * 3_600)] if 0 < hours < 24 else [f"{hours:,} hours"] if hours else []
    return " ".join([*parts, duration(minutes * 60)] if minutes else parts)


def _change(entry: AuditEntry) -> str:
    did = navigation.kinds().get(entry.kind, entry.kind)
    return f"{entry.actor_label} {did} {entry.subject_label}" + (f": {entry.reason}" if entry.reason else "")


def _links(alert: Alert, changed: Sequence[AuditEntry], place: str) -> Iterator[Link]:
    """Each opens a page that asks before anything happens."""
    yield Link("Silence this", f"{place}/silences/new/?alert={alert.pk}")
    last = next((one for one in changed if _flag_url(one, place)), None)
    if last is not None and last.kind not in (KILLED, ARCHIVED):
        yield Link(f"Kill {cut(_flag_key(last), BUTTON)}", f"{_flag_url(last, place)}kill/")


def _url(entry: AuditEntry, place: str) -> str:
    """The page of what was changed; empty where it has none."""
    deployment = entry.subject_type == DEPLOYMENT
    return f"{place}/deployments/{entry.subject_id}/" if deployment else _flag_url(entry, place)


def _flag_url(entry: AuditEntry, place: str) -> str:
    """Empty for what is no flag, as a segment is none."""
    return f"{place}/flags/{_flag_key(entry)}/" if entry.subject_type in (FLAG, STATE) else ""


def _flag_key(entry: AuditEntry) -> str:
    """A state is labelled with its flag and its environment."""
    return entry.subject_label.partition(" in ")[0]


def _finite(value: float | None) -> float | None:
    """JSON has no infinity."""
    return value if value is not None and math.isfinite(value) else None
