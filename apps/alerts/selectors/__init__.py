"""Reads of alerting: rows inside, values of the domain and frozen dataclasses outside."""

from apps.alerts.selectors.backtests import tried, values_over
from apps.alerts.selectors.rows import alerts, fired_since, open_alerts, rules

__all__ = ["alerts", "fired_since", "open_alerts", "rules", "tried", "values_over"]
