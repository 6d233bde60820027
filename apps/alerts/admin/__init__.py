"""Alerting in Django's admin, to look at: people change things on the pages of alerting, machines write the rest."""

from apps.alerts.admin import alerts, delivery

__all__ = ["alerts", "delivery"]
