"""Reads of alerting: rows inside, values of the domain and frozen dataclasses outside."""

from apps.alerts.selectors.backtests import DAYS, seen_at, tried, values_over
from apps.alerts.selectors.delivery import alert_behind, channels, notifications, routes, silences, standing
from apps.alerts.selectors.due import rules_are_due
from apps.alerts.selectors.incidents import (
    OpenIncident,
    incident,
    incidents,
    incidents_around,
    incidents_now,
    open_incidents,
    times_of,
)
from apps.alerts.selectors.notices import recent_changes
from apps.alerts.selectors.reviews import review
from apps.alerts.selectors.rows import OpenAlert, alerts, alerts_now, open_alerts, rules, rules_like, with_standing
from apps.alerts.selectors.status import PageTold, page_told, status_components, status_page, status_pages
from apps.alerts.selectors.timelines import Moment, changes_around, timeline

__all__ = [
    "DAYS",
    "Moment",
    "OpenAlert",
    "OpenIncident",
    "PageTold",
    "alert_behind",
    "alerts",
    "alerts_now",
    "changes_around",
    "channels",
    "incident",
    "incidents",
    "incidents_around",
    "incidents_now",
    "notifications",
    "open_alerts",
    "open_incidents",
    "page_told",
    "recent_changes",
    "review",
    "routes",
    "rules",
    "rules_are_due",
    "rules_like",
    "seen_at",
    "silences",
    "standing",
    "status_components",
    "status_page",
    "status_pages",
    "timeline",
    "times_of",
    "tried",
    "values_over",
    "with_standing",
]
