"""The tables of alerting. Django imports this module; the files beside it are split by idea."""

from apps.alerts.models.alerts import Alert
from apps.alerts.models.delivery import Channel, Notification, Route, Silence
from apps.alerts.models.responses import Response
from apps.alerts.models.rules import AlertRule, RuleStanding, Severity

__all__ = [
    "Alert",
    "AlertRule",
    "Channel",
    "Notification",
    "Response",
    "Route",
    "RuleStanding",
    "Severity",
    "Silence",
]
