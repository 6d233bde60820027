"""Locks of incidents. Alerts are locked first, then the environment's incidents, then one incident: whoever keeps to
that order never waits in a circle. Private to services."""

from django.db import connection

from apps.alerts.models import Incident

INCIDENTS = 0x1C1D  # the first half of an advisory lock; the second is the environment


def lock_incidents_of(environment_id: int) -> None:
    """To the end of the transaction: of alerts that open at once only one opens the incident, the others join it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [INCIDENTS, environment_id])


def lock_incident(incident_id: int) -> Incident:
    """Raises Incident.DoesNotExist."""
    rows = Incident.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("environment__project", "owner").get(pk=incident_id)
