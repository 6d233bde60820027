"""Reads of alerting: rows inside, values of the domain and frozen dataclasses outside."""

from apps.alerts.selectors.backtests import tried, values_over
from apps.alerts.selectors.delivery import alert_behind, channels, notifications, routes, silences, standing
from apps.alerts.selectors.rows import OpenAlert, alerts, alerts_now, open_alerts, rules, rules_like, with_standing

__all__ = [
    "OpenAlert",
    "alert_behind",
    "alerts",
    "alerts_now",
    "channels",
    "notifications",
    "open_alerts",
    "routes",
    "rules",
    "rules_like",
    "silences",
    "standing",
    "tried",
    "values_over",
    "with_standing",
]
