"""Flag evaluation for client apps over OFREP 0.3.0, with its event streams: an ASGI application of its own."""

from apps.flags.ofrep.application import Ofrep

__all__ = ["Ofrep"]
