"""Where apps send what they observe: the short ASGI paths of events, metrics and pings."""

from apps.monitoring.ingest.application import PATHS, Ingest
from apps.monitoring.ingest.pings import PREFIX, Pings

__all__ = ["PATHS", "PREFIX", "Ingest", "Pings"]
