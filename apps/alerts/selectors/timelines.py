"""The timeline of an incident, put together from what is there already: the trail, the notices, the updates. A fixed
number of queries, however much happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.alerts.domain.labels import label_words
from apps.alerts.models import Alert, Incident, IncidentUpdate, Notification
from apps.core import navigation
from apps.core import selectors as core
from apps.core.models import AuditEntry

BEFORE = timedelta(hours=1)  # flags changed so long before it opened may be why
FLAGS, DEPLOYMENTS = Q(kind__startswith="flags."), Q(subject_type="deployments.deployment")
MOST = 1_000  # entries of each source; nobody reads more
TOLD_BY_UPDATES = ("alerts.incident_noted", "alerts.incident_resolved")
Status = Notification.Status


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. Reads as a sentence: who did what, to what; `text` says more."""

    at: datetime
    source: str  # "incident", "alert", "flag", "deployment", "notice", "update" or "note"
    actor_label: str
    did: str
    subject_label: str = ""
    subject_type: str = ""  # with subject_id: what it leads to; empty: nothing
    subject_id: str = ""
    text: str = ""
    actor_kind: str = ""
    order: tuple[int, int] = (0, 0)  # among what is of one moment: the trail in its own order, then the rest


def timeline(row: Incident) -> list[Moment]:
    """The oldest first. `row` as the selector `incident` finds it."""
    alerts = {str(alert.pk): alert for alert in row.alerts.all()}
    moments = [
        *_changes(_around(row, FLAGS | DEPLOYMENTS)),
        *_alerts(alerts),
        *_incident(row),
        *_notices(list(alerts)),
        *(_update(one, row) for one in row.updates.all()),
    ]
    return sorted(moments, key=lambda moment: (moment.at, moment.order))


def changes_around(row: Incident) -> list[AuditEntry]:
    """What was done to flags in its environment from an hour before it opened until it was over, the oldest first."""
    return _around(row, FLAGS)


def _around(row: Incident, what: Q) -> list[AuditEntry]:
    entries = core.audit_entries().filter(what, environment=row.environment_id, at__gte=row.opened_at - BEFORE)
    if row.resolved_at is not None:
        entries = entries.filter(at__lte=row.resolved_at)
    return _oldest_first(entries)


def _oldest_first(entries: QuerySet[AuditEntry]) -> list[AuditEntry]:
    return list(entries.order_by("at", "id")[:MOST])


def _entry(entry: AuditEntry, source: str) -> Moment:
    return Moment(
        at=entry.at,
        source=source,
        actor_label=entry.actor_label,
        actor_kind=entry.actor_kind,
        did=str(navigation.kinds().get(entry.kind, entry.kind)),
        subject_label=entry.subject_label,
        subject_type=entry.subject_type,
        subject_id=entry.subject_id,
        text=entry.reason,
        order=(0, entry.pk),
    )


def _changes(entries: Sequence[AuditEntry]) -> Iterator[Moment]:
    for entry in entries:
        yield _entry(entry, "flag" if entry.kind.startswith("flags.") else "deployment")


def _alerts(alerts: dict[str, Alert]) -> Iterator[Moment]:
    """Alerts of one rule that turned at once are one moment: a hundred series must not hide the rest."""
    entries = core.audit_entries().filter(subject_type="alerts.alert", subject_id__in=list(alerts))
    found = _oldest_first(entries)
    for _key, alike in groupby(found, key=lambda entry: (entry.at, entry.kind, entry.subject_label, entry.actor_label)):
        same = list(alike)
        series = label_words(alerts[same[0].subject_id].labels)
        first = f"{series}: {same[0].reason}" if series and same[0].reason else series or same[0].reason
        more = ngettext("and %(n)d more series", "and %(n)d more series", len(same) - 1) % {"n": len(same) - 1}
        told = f"{first.rstrip('.')} {more}".strip() if len(same) > 1 else first
        yield replace(_entry(same[0], "alert"), text=told)


def _incident(row: Incident) -> Iterator[Moment]:
    entries = core.audit_entries().filter(subject_type="alerts.incident", subject_id=str(row.pk))
    for entry in _oldest_first(entries.exclude(kind__in=TOLD_BY_UPDATES)):
        yield replace(_entry(entry, "incident"), subject_label="", subject_type="")  # it is what the page is about


def _update(update: IncidentUpdate, row: Incident) -> Moment:
    words = _("wrote on the status page") if update.public else _("noted")
    return Moment(
        at=update.at,
        source="update" if update.public else "note",
        actor_label=update.author_label,
        did=f"{words} ({update.get_status_display()})",
        text=update.text,
        order=(1, update.pk),
    )


def _notices(alerts: Sequence[str]) -> Iterator[Moment]:
    """What was sent to whom, together where it went together."""
    rows = Notification.objects.filter(alert__in=[int(pk) for pk in alerts]).select_related("channel")
    found = sorted(rows.order_by("pk")[:MOST], key=_together)
    for _key, alike in groupby(found, key=_together):
        yield _notice(list(alike))


def _together(row: Notification) -> tuple[datetime, str, str, str, str]:
    return (row.sent_at or row.created_at, row.channel.key, row.kind, row.status, row.muted_by)


def _notice(rows: Sequence[Notification]) -> Moment:
    first = rows[0]
    did = {
        Status.SENT: _("told"),
        Status.FAILED: _("could not tell"),
        Status.MUTED: _("did not tell"),
        Status.PENDING: _("is about to tell"),
    }
    count = ngettext("%(kind)s, %(n)d alert", "%(kind)s, %(n)d alerts", len(rows))
    words = count % {"kind": first.get_kind_display(), "n": len(rows)}
    why = first.error if first.status == Status.FAILED else first.why if first.status == Status.MUTED else ""
    return Moment(
        at=first.sent_at or first.created_at,
        source="notice",
        actor_label="PulseOps",
        did=did[Status(first.status)],
        subject_label=first.channel.name,
        text=f"{words}: {why}" if why else words,
        order=(2, first.pk),
    )
