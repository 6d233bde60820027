"""The short path of public status pages. No query is made here and nothing is rendered."""

from apps.alerts.status.application import Status

__all__ = ["Status"]
