"""The customer's rules, put into an environment at once."""

from datetime import datetime

from django.db import transaction

from apps.alerts.domain.parsing import dump_rule
from apps.alerts.domain.starter import RULES
from apps.alerts.models import AlertRule
from apps.alerts.services.rules import create_rule
from apps.core.audit import Actor


def install_starter_rules(*, environment_id: int, actor: Actor, reason: str, at: datetime) -> int:
    """Those whose keys are free; returns how many."""
    with transaction.atomic():
        taken = set(AlertRule.objects.filter(environment=environment_id).values_list("key", flat=True))
        missing = [rule for rule in RULES.values() if rule.key not in taken]
        for rule in missing:
            create_rule(environment_id=environment_id, definition=dump_rule(rule), actor=actor, reason=reason, at=at)
    return len(missing)
