"""When there is something to judge."""

from datetime import datetime

from apps.alerts.models import RuleStanding


def rules_are_due(at: datetime) -> bool:
    return RuleStanding.objects.filter(due_at__lte=at, rule__enabled=True).exists()
