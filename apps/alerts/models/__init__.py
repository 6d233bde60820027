"""The tables of alerting. Django imports this module; the files beside it are split by idea."""

from apps.alerts.models.alerts import Alert
from apps.alerts.models.delivery import Channel, Notification, Route, Silence, TrailCursor
from apps.alerts.models.incidents import Incident, IncidentStatus, IncidentUpdate
from apps.alerts.models.responses import Response
from apps.alerts.models.rules import AlertRule, RuleStanding, Severity
from apps.alerts.models.status import Impact, StatusComponent, StatusPage

__all__ = [
    "Alert",
    "AlertRule",
    "Channel",
    "Impact",
    "Incident",
    "IncidentStatus",
    "IncidentUpdate",
    "Notification",
    "Response",
    "Route",
    "RuleStanding",
    "Severity",
    "Silence",
    "StatusComponent",
    "StatusPage",
    "TrailCursor",
]
