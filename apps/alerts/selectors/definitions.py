"""From rows to the domain's values. Reads rows that are already loaded."""

from apps.alerts.domain.instances import Instances
from apps.alerts.domain.parsing import parse_rule
from apps.alerts.domain.rules import Rule
from apps.alerts.domain.storing import load_instances
from apps.alerts.models import AlertRule, RuleStanding


def rule_of(row: AlertRule) -> Rule:
    """Raises InvalidDefinition when it cannot be read."""
    return parse_rule(row.definition)


def instances_of(row: RuleStanding) -> Instances:
    return load_instances(row.instances)
