"""Fixtures of monitoring tests."""

from tests.live_server import live_portal

__all__ = ["live_portal"]
