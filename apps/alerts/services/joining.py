"""What incidents do by themselves: severe alerts open one or join the one that goes on, and one whose alerts are over
resolves, or waits for whoever took it on. In the transaction in which the alerts turned."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from apps.alerts.domain import incidents as domain
from apps.alerts.domain.incidents import Next
from apps.alerts.domain.labels import label_words
from apps.alerts.domain.rules import Severity
from apps.alerts.models import Alert, Incident, IncidentStatus
from apps.alerts.services import trail
from apps.alerts.services.incidents import raise_severity, readable, say
from apps.alerts.services.locking import lock_incident, lock_incidents_of
from apps.core import selectors as core
from apps.core.domain.diff import changes
from apps.core.models import AuditEntry, Environment

NAMED = 3  # alerts in one sentence
Status = IncidentStatus


def follow(environment: Environment, turned: Sequence[Alert], at: datetime) -> None:
    """Of alerts of one environment that opened or closed just now. Sets `incident` on those that join one."""
    opened = [alert for alert in turned if alert.resolved_at is None and domain.opens(Severity(alert.severity))]
    left = {alert.incident_id for alert in turned if alert.resolved_at is not None and alert.incident_id is not None}
    if not opened and not left:
        return
    lock_incidents_of(environment.pk)
    if opened:
        _take_in(environment, opened, at)
    for pk in sorted(left):
        _look_after(pk, at)


def note_act(alert: Alert, at: datetime) -> None:
    """A response of the alert was done: the first one says when the incident was acted on."""
    mine = Alert.objects.filter(pk=alert.pk).values("incident")
    Incident.objects.open().filter(pk__in=mine, acted_at=None).update(acted_at=at)  # nobody edits it: the version stays


def _take_in(environment: Environment, opened: Sequence[Alert], at: datetime) -> None:
    found = going_on(environment, at)
    row = _open(environment, opened, at) if found is None else found
    Alert.objects.filter(pk__in=[alert.pk for alert in opened]).update(incident=row)
    for alert in opened:
        alert.incident = row
    if found is not None:
        _join(row, opened, at)


def going_on(environment: Environment, at: datetime) -> Incident | None:
    """The youngest open one that alerts opened, if it is young enough to take in more."""
    rows = Incident.objects.open().filter(environment=environment, automatic=True).order_by("-opened_at", "-pk")
    youngest = rows.values_list("pk", "opened_at").first()
    if youngest is None or not domain.takes_in(_ends(youngest[0]) or [youngest[1]], at):  # a rollback has no alerts yet
        return None
    row = lock_incident(youngest[0])
    return row if row.resolved_at is None else None  # somebody resolved it meanwhile


def _open(environment: Environment, opened: Sequence[Alert], at: datetime) -> Incident:
    row = Incident(environment=environment, automatic=True, opened_by_label=trail.ITSELF.label, opened_at=at)
    row.title, row.severity = _titled(opened), Severity.INFO.value
    raise_severity(row, opened)
    row.save()
    why = f"{_named(opened)} fired"
    trail.record("alerts.incident_opened", row, changes({}, readable(row)), reason=why, at=at)
    return row


def _join(row: Incident, opened: Sequence[Alert], at: datetime) -> None:
    """A fix that is watched has not held: then it is looked into again."""
    before = readable(row)
    raise_severity(row, opened)
    again = row.status == Status.MONITORING
    row.status = Status.INVESTIGATING if again else row.status
    changed = changes(before, readable(row))
    if changed:  # else the version stays: alerts that pour in must not refuse whoever is writing an update
        row.version += 1
        row.save()
    if again:
        say(row, f"{_named(opened)} fired: it is not over.", public=False, actor=trail.ITSELF, at=at)
    joined = {"alerts": [None, [alert.pk for alert in opened]]}
    trail.record("alerts.incident_joined", row, joined | changed, reason=f"{_named(opened)} fired", at=at)


def _look_after(pk: int, at: datetime) -> None:
    row = lock_incident(pk)
    after = domain.after_alerts(_ends(pk), taken_on=_taken_on(row))
    if row.resolved_at is not None or after is Next.GOES_ON:
        return
    if after is Next.RESOLVES:
        words = "All of its alerts are over, and nobody took it on: resolved by itself."
        _turn(row, Status.RESOLVED, "alerts.incident_resolved", words, at)
    elif row.status != Status.MONITORING:
        words = "All of its alerts are over. Resolve it once you are sure."
        _turn(row, Status.MONITORING, "alerts.incident_noted", words, at)


def _turn(row: Incident, status: str, kind: str, words: str, at: datetime) -> None:
    before = readable(row)
    row.status, row.resolved_at = status, at if status == Status.RESOLVED else None
    row.version += 1
    row.save()
    say(row, words, public=False, actor=trail.ITSELF, at=at)
    trail.record(kind, row, changes(before, readable(row)), reason=words, at=at)


def _taken_on(row: Incident) -> bool:
    """By whatever somebody did to it; all of that is in the trail."""
    if row.owner_id is not None or row.acknowledged_at is not None:
        return True
    ours = {"actor_kind": AuditEntry.ActorKind.SYSTEM, "actor_label": trail.ITSELF.label}
    return core.audit_of("alerts.incident", row.pk).exclude(**ours).exists()


def _ends(pk: int) -> list[datetime | None]:
    return list(Alert.objects.filter(incident=pk).values_list("resolved_at", flat=True))


def _titled(opened: Sequence[Alert]) -> str:
    worst = max(opened, key=lambda alert: Severity(alert.severity).rank)
    return (_one(worst) if len(opened) == 1 else worst.name)[:200]


def _named(alerts: Iterable[Alert]) -> str:
    names = list(dict.fromkeys(_one(alert) for alert in alerts))
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _one(alert: Alert) -> str:
    series = label_words(alert.labels)
    return f"{alert.name} ({series})" if series else alert.name
