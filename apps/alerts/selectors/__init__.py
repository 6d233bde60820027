"""Reads of alerting: rows inside, values of the domain and frozen dataclasses outside."""

from apps.alerts.selectors.backtests import tried, values_over
from apps.alerts.selectors.rows import OpenAlert, alerts, alerts_now, open_alerts, rules

__all__ = ["OpenAlert", "alerts", "alerts_now", "open_alerts", "rules", "tried", "values_over"]
