"""What others do with alerting. One name per deed; the modules beside this one are private to the app."""

from apps.alerts.services.judging import judge, judge_due
from apps.alerts.services.responding import respond, respond_due
from apps.alerts.services.rules import InvalidRule, RuleExists, create_rule, update_rule
from apps.alerts.services.starter import install_starter_rules

__all__ = [
    "InvalidRule",
    "RuleExists",
    "create_rule",
    "install_starter_rules",
    "judge",
    "judge_due",
    "respond",
    "respond_due",
    "update_rule",
]
