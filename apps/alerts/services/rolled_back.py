"""Incidents of what was rolled back: opened or joined when the way back begins, followed to its end, and resolved when
a person finds all well. The status page hears of it where a component has the service's key. Private to services."""

from datetime import datetime

from apps.alerts.domain.rules import Severity
from apps.alerts.models import Alert, Impact, Incident, IncidentStatus, StatusComponent
from apps.alerts.services import joining, trail
from apps.alerts.services.incidents import readable, say
from apps.alerts.services.locking import lock_incident, lock_incidents_of
from apps.core.domain.diff import changes
from apps.core.models import AuditEntry, Environment
from apps.deployments import selectors as deployments
from apps.deployments.selectors import About

Status = IncidentStatus
BEGINS, FAILED = "deployments.rolling_back", "deployments.rollback_failed"
ENDED, CONFIRMED = "deployments.rolled_back", "deployments.rollback_confirmed"
FLAGS = "deployments.flags_rolled_back"  # at once: the release stays, what it brought behind its flags is gone
KINDS = frozenset({BEGINS, FAILED, ENDED, CONFIRMED, FLAGS})
PUBLIC = {
    BEGINS: "We are returning this to the version before.",
    FAILED: "Returning this to the version before takes longer than planned. We are on it.",
    FLAGS: "We switched off what was new here. We keep watching.",
    ENDED: "This runs on the version before again. We keep watching.",
    CONFIRMED: "All is well again.",
}


def follow(entry: AuditEntry, environment: Environment, at: datetime) -> None:
    """In the transaction in which the trail is read."""
    about = deployments.about(entry.subject_id) if entry.kind in KINDS else None
    if about is None:
        return
    lock_incidents_of(environment.pk)
    row = _of(about) or (_begin(about, entry, environment, at) if entry.kind in (BEGINS, FAILED, FLAGS) else None)
    if row is not None:
        _note(row, about, entry, at)


def _of(about: About) -> Incident | None:
    found = Incident.objects.open().filter(deployments=about.pk).order_by("-pk").values_list("pk", flat=True).first()
    return None if found is None else lock_incident(found)


def _begin(about: About, entry: AuditEntry, environment: Environment, at: datetime) -> Incident:
    """The incident that goes on, if alerts opened one just now: what they saw is why it goes back."""
    row = joining.going_on(environment, at)
    if row is None:
        row = Incident(environment=environment, automatic=True, opened_by_label=trail.ITSELF.label, opened_at=at)
        row.title = f"{about.words} was rolled back in {about.place}"[:200]
        row.severity = Severity.ERROR.value
        row.save()
        _publish(row, about)
        trail.record("alerts.incident_opened", row, changes({}, readable(row)), reason=entry.reason, at=at)
    else:
        joined = {"deployment": [None, about.words]}
        trail.record("alerts.incident_joined", row, joined, reason=_words(about, entry), at=at)
    row.deployments.add(about.pk)
    return row


def _publish(row: Incident, about: About) -> None:
    """On the status page where it has a component of the service, and nowhere else."""
    component = StatusComponent.objects.filter(environment=row.environment_id, key=about.service).first()
    if component is not None:
        row.public, row.impact = True, Impact.DEGRADED
        row.save(update_fields=["public", "impact"])
        row.components.add(component)


def _note(row: Incident, about: About, entry: AuditEntry, at: datetime) -> None:
    before = readable(row)
    if entry.kind == FAILED:
        row.severity = Severity.CRITICAL.value
    if entry.kind in (BEGINS, ENDED, FLAGS):
        row.acted_at = row.acted_at or entry.at
    row.status = _status(row, entry)
    row.resolved_at = at if row.status == Status.RESOLVED else row.resolved_at
    row.impact = Impact.OPERATIONAL if row.public and entry.kind == CONFIRMED else row.impact
    row.version += 1
    row.save()
    say(row, _words(about, entry), public=False, actor=trail.ITSELF, at=at)
    if row.public and _ours(row):
        say(row, PUBLIC[entry.kind], public=True, actor=trail.ITSELF, at=at)
    kind = "alerts.incident_resolved" if row.resolved_at else "alerts.incident_noted"
    trail.record(kind, row, changes(before, readable(row)), reason=_words(about, entry), at=at)


def _status(row: Incident, entry: AuditEntry) -> str:
    """It is over once a person says so and none of its alerts fires; one that fires says otherwise."""
    open_still = Alert.objects.open().filter(incident=row.pk).exists()
    if entry.kind == CONFIRMED and not open_still:
        return Status.RESOLVED
    if entry.kind in (ENDED, FLAGS) and not open_still:
        return Status.MONITORING
    return Status.IDENTIFIED if row.status == Status.INVESTIGATING else row.status


def _ours(row: Incident) -> bool:
    """Opened for a rollback and nothing else: what people publish about other incidents is theirs to say."""
    return not Alert.objects.filter(incident=row.pk).exists()


def _words(about: About, entry: AuditEntry) -> str:
    back = about.previous or "the version before"
    told = {
        BEGINS: f"{about.words} is rolled back to {back} in {about.place}",
        FLAGS: f"The flags of {about.words} were killed in {about.place}",
        FAILED: f"{about.words} could not be rolled back in {about.place}; somebody is needed",
        ENDED: f"{about.words} was rolled back: {back} has the traffic in {about.place}",
        CONFIRMED: f"{entry.actor_label} found all well after the rollback of {about.words}",
    }[entry.kind]
    why = entry.reason if entry.kind != ENDED else ""  # its way back says nothing new there
    return f"{told}: {why}" if why else f"{told}."
