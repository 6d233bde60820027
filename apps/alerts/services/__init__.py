"""What others do with alerting. One name per deed; the modules beside this one are private to the app."""

from apps.alerts.services.judging import judge, judge_due
from apps.alerts.services.responding import respond, respond_due
from apps.alerts.services.rules import InvalidRule, RuleExists, create_rule, update_rule

__all__ = [
    "InvalidRule",
    "RuleExists",
    "create_rule",
    "judge",
    "judge_due",
    "respond",
    "respond_due",
    "update_rule",
]
