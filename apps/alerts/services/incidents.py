"""Incidents by hand: opened, changed, written about, taken on, with alerts that belong to them. What they do by
themselves is joining.py's."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction

from apps.alerts.domain.incidents import worst
from apps.alerts.domain.rules import Severity as Grade
from apps.alerts.models import Alert, Impact, Incident, IncidentStatus, IncidentUpdate, Severity, StatusComponent
from apps.alerts.services import trail
from apps.alerts.services.locking import lock_incident
from apps.core.audit import Actor
from apps.core.domain.diff import changes
from apps.core.models import Environment
from apps.core.services import check_version

FIELDS = {"title", "severity", "owner", "public", "components"}
LONGEST = 5_000  # characters of an update


class InvalidIncident(ValidationError):
    """`message_dict` maps each field to its problems."""


class IncidentOver(Exception):
    """It is resolved: notes may still be added, but it does not come back. Open a new one."""


def open_incident(
    *,
    environment_id: int,
    title: str,
    severity: str,
    actor: Actor,
    reason: str,
    at: datetime,
    text: str = "",
    impact: str = Impact.OPERATIONAL,
    public: bool = False,
    components: Sequence[str] = (),
) -> Incident:
    """By hand. `text` is its first update. Raises InvalidIncident."""
    with transaction.atomic():
        environment = Environment.objects.select_related("project").get(pk=environment_id)
        row = Incident(environment=environment, opened_by_label=actor.label[:150], opened_at=at)
        chosen = _write(row, {"title": title, "severity": severity, "public": public, "components": components})
        row.impact = _known(Impact.values, "impact", impact)
        row.save()
        row.components.set(chosen or [])
        if text:
            say(row, _text(text), public=public, actor=actor, at=at)
        trail.record("alerts.incident_opened", row, changes({}, readable(row)), actor=actor, reason=reason, at=at)
    return row


def update_incident(
    *,
    incident_id: int,
    fields: Mapping[str, Any],
    actor: Actor,
    reason: str,
    at: datetime,
    expected_version: int | None,
) -> Incident:
    """Of title, severity, owner (a user's id or None), public and components (keys); what is left out stays. Raises
    InvalidIncident, StaleVersion."""
    with transaction.atomic():
        row = lock_incident(incident_id)
        check_version(row.version, expected_version)
        before = readable(row)
        chosen = _write(row, fields)
        row.version += 1
        row.save()
        if chosen is not None:
            row.components.set(chosen)
        trail.record("alerts.incident_updated", row, changes(before, readable(row)), actor=actor, reason=reason, at=at)
    return row


def post_update(
    *,
    incident_id: int,
    text: str,
    actor: Actor,
    at: datetime,
    expected_version: int | None,
    reason: str = "",
    status: str | None = None,
    impact: str | None = None,
    public: bool = False,
    acted: bool = False,
) -> IncidentUpdate:
    """For the status page, or a note for the team. Resolves with RESOLVED; `acted`: it tells of something that was
    done. Raises InvalidIncident, IncidentOver, StaleVersion."""
    with transaction.atomic():
        row = lock_incident(incident_id)
        check_version(row.version, expected_version)
        before = readable(row)
        if status is not None:
            _turn(row, _known(IncidentStatus.values, "status", status), at)
        if impact is not None:
            row.impact = _known(Impact.values, "impact", impact)
        row.public = row.public or public
        row.acted_at = row.acted_at or (at if acted else None)
        row.version += 1
        row.save()
        update = say(row, _text(text), public=public, actor=actor, at=at)
        resolved = before["status"] != row.status == IncidentStatus.RESOLVED
        kind = "alerts.incident_resolved" if resolved else "alerts.incident_noted"
        trail.record(kind, row, changes(before, readable(row)), actor=actor, reason=reason or update.text, at=at)
    return update


def attach_alert(*, incident_id: int, alert_id: int, actor: Actor, reason: str, at: datetime) -> Incident:
    """It belongs to this incident from now on, and to no other. Raises InvalidIncident."""
    with transaction.atomic():
        alert = Alert.objects.select_for_update(of=("self",)).select_related("environment").filter(pk=alert_id).first()
        row = lock_incident(incident_id)
        if alert is None or alert.environment_id != row.environment_id:
            raise InvalidIncident({"alert": ["There is no such alert in this environment."]})
        if alert.incident_id != row.pk:
            alert.incident = row
            alert.save(update_fields=["incident"])
            before = readable(row)
            raise_severity(row, [alert])
            row.version += 1
            row.save()
            changed = {"alert": [None, alert.pk]} | changes(before, readable(row))
            trail.record("alerts.incident_joined", row, changed, actor=actor, reason=reason or alert.name, at=at)
    return row


def detach_alert(*, incident_id: int, alert_id: int, actor: Actor, reason: str, at: datetime) -> Incident:
    """It belongs to no incident any more. Raises InvalidIncident when it did not belong to this one."""
    with transaction.atomic():
        alert = Alert.objects.select_for_update(of=("self",)).filter(pk=alert_id, incident=incident_id).first()
        row = lock_incident(incident_id)
        if alert is None:
            raise InvalidIncident({"alert": ["This alert does not belong to the incident."]})
        alert.incident = None
        alert.save(update_fields=["incident"])
        row.version += 1
        row.save()
        changed = {"alert": [alert.pk, None]}
        trail.record("alerts.incident_left", row, changed, actor=actor, reason=reason or alert.name, at=at)
    return row


def raise_severity(row: Incident, alerts: Sequence[Alert]) -> None:
    """To the worst of its alerts'; it is lowered by hand alone."""
    row.severity = worst(Grade(severity) for severity in (row.severity, *(alert.severity for alert in alerts))).value


def readable(row: Incident) -> dict[str, Any]:
    """As the trail keeps it."""
    return {
        "title": row.title,
        "severity": row.severity,
        "status": row.status,
        "impact": row.impact,
        "public": row.public,
        "owner": row.owner.get_username() if row.owner else None,
        "components": sorted(row.components.values_list("key", flat=True)) if row.pk else [],
    }


def _write(row: Incident, fields: Mapping[str, Any]) -> list[StatusComponent] | None:
    """Returns the components, which are set once the row is saved; None: they stay."""
    if unknown := fields.keys() - FIELDS:
        raise InvalidIncident({name: ["There is no such field here."] for name in unknown})
    if "title" in fields:
        row.title = " ".join(fields["title"].split())
        if not 0 < len(row.title) <= 200:
            raise InvalidIncident({"title": ["Say in 1 to 200 characters what is wrong."]})
    if "severity" in fields:
        row.severity = _known(Severity.values, "severity", fields["severity"])
    if "owner" in fields:
        row.owner = _owner(fields["owner"])
    row.public = fields.get("public", row.public)
    return _components(row, fields["components"]) if "components" in fields else None


def _owner(pk: int | None) -> Any:
    if pk is None:
        return None
    found = get_user_model().objects.filter(pk=pk, is_active=True, is_staff=True).first()
    if found is None:
        raise InvalidIncident({"owner": ["There is no such person here."]})
    return found


def _components(row: Incident, keys: Sequence[str]) -> list[StatusComponent]:
    found = list(StatusComponent.objects.filter(environment=row.environment_id, key__in=keys))
    if missing := sorted(set(keys) - {one.key for one in found}):
        raise InvalidIncident({"components": [f"There is no component {', '.join(missing)} here."]})
    return found


def _known(values: Sequence[str], field: str, value: str) -> str:
    if value not in values:
        raise InvalidIncident({field: [f"One of {', '.join(values)}."]})
    return value


def _text(text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= LONGEST:
        raise InvalidIncident({"text": [f"Say it in 1 to {LONGEST:,} characters."]})
    return text


def _turn(row: Incident, status: str, at: datetime) -> None:
    if row.resolved_at is not None and status != IncidentStatus.RESOLVED:
        raise IncidentOver
    row.status = status
    if status == IncidentStatus.RESOLVED:
        row.resolved_at = row.resolved_at or at


def say(row: Incident, text: str, *, public: bool, actor: Actor, at: datetime) -> IncidentUpdate:
    return IncidentUpdate.objects.create(
        incident=row,
        status=row.status,
        impact=row.impact,
        text=text,
        public=public,
        author_label=actor.label[:150],
        at=at,
    )
