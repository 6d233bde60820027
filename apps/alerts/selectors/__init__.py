"""Reads of alerting: rows inside, values of the domain and frozen dataclasses outside."""

from apps.alerts.selectors.backtests import tried, values_over
from apps.alerts.selectors.delivery import alert_behind, channels, notifications, silences, standing
from apps.alerts.selectors.due import rules_are_due
from apps.alerts.selectors.rows import OpenAlert, alerts, alerts_now, open_alerts, rules

__all__ = [
    "OpenAlert",
    "alert_behind",
    "alerts",
    "alerts_now",
    "channels",
    "notifications",
    "open_alerts",
    "rules",
    "rules_are_due",
    "silences",
    "standing",
    "tried",
    "values_over",
]
