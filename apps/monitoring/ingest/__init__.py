"""Where apps send what they observe: the short ASGI path of events and metrics."""

from apps.monitoring.ingest.application import PATHS, Ingest

__all__ = ["PATHS", "Ingest"]
