"""Making the sweep come sooner. Nothing is lost when nobody hears it. Private to services."""

from apps.core import bus


def nudge() -> None:
    """Everybody who shows deployments may look again, and whoever ticks them need not wait for its period."""
    bus.announce("deployments")
