"""Connections to the outside, guarded. Deliveries, health checks and proxies have a policy each, from the settings.

`deliveries().post(...)` is for code without an event loop; `checks().request(...)` and `checks().connect(...)` are for
asyncio, in a loop that `run` started. Nothing else in the portal connects to an address that somebody typed.
"""

from django.conf import settings

from apps.core.domain.egress import Policy, read_allowed
from apps.core.egress.client import Egress, Limits, Stream
from apps.core.egress.errors import (
    BadReply,
    DeadlinePassed,
    EgressError,
    Forbidden,
    InsideTransaction,
    NameUnknown,
    TlsFailed,
    TooManyRedirects,
    Unreachable,
)
from apps.core.egress.http import Reply
from apps.core.egress.running import run, runner

__all__ = [
    "BadReply",
    "DeadlinePassed",
    "Egress",
    "EgressError",
    "Forbidden",
    "InsideTransaction",
    "Limits",
    "NameUnknown",
    "Reply",
    "Stream",
    "TlsFailed",
    "TooManyRedirects",
    "Unreachable",
    "checks",
    "deliveries",
    "run",
    "runner",
    "traffic",
]


def deliveries() -> Egress:
    """Webhooks and the like: the usual ports of the public internet, and what the operator allows."""
    allow = tuple(map(read_allowed, settings.EGRESS_ALLOW))
    return Egress(Policy(allow=allow, ports=frozenset(map(int, settings.EGRESS_PORTS))))


def checks() -> Egress:
    """Health checks may look at every port, and at networks that no webhook may reach."""
    return Egress(Policy(allow=tuple(map(read_allowed, settings.EGRESS_ALLOW_CHECKS)), ports=None))


def traffic() -> Egress:
    """The admin addresses of proxies, which lie on networks that no webhook may reach, at any port."""
    return Egress(Policy(allow=tuple(map(read_allowed, settings.EGRESS_ALLOW_TRAFFIC)), ports=None))
