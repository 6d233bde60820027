"""Reads of alerting: rows inside, values of the domain and frozen dataclasses outside."""

from apps.alerts.selectors.backtests import tried, values_over
from apps.alerts.selectors.delivery import alert_behind, channels, notifications, silences, standing
from apps.alerts.selectors.rows import OpenAlert, alerts, alerts_now, open_alerts, rules
from apps.alerts.selectors.status import PageTold, page_told, status_components, status_page, status_pages

__all__ = [
    "OpenAlert",
    "PageTold",
    "alert_behind",
    "alerts",
    "alerts_now",
    "channels",
    "notifications",
    "open_alerts",
    "page_told",
    "rules",
    "silences",
    "standing",
    "status_components",
    "status_page",
    "status_pages",
    "tried",
    "values_over",
]
