"""The tables of alerting. Django imports this module; the files beside it are split by idea."""

from apps.alerts.models.alerts import Alert
from apps.alerts.models.responses import Response
from apps.alerts.models.rules import AlertRule, RuleStanding, Severity

__all__ = ["Alert", "AlertRule", "Response", "RuleStanding", "Severity"]
