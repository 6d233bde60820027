"""Saying that a deployment went on. Nothing is lost when nobody hears it. Private to services."""

from apps.core import bus


def nudge(deployment_id: int) -> None:
    """Whoever shows it may look again."""
    bus.announce("deployments", deployment=deployment_id)
