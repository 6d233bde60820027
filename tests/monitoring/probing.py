"""Ways out of a test: to peers on loopback, and nowhere else."""

import ssl
from typing import Any

from apps.core.domain.egress import Policy, read_allowed
from apps.core.egress import Egress

LOOPBACK = ("127.0.0.0/8", "localhost")


def way_out(*, trust: ssl.SSLContext | None = None, allow: tuple[str, ...] = LOOPBACK) -> Egress:
    more: dict[str, Any] = {} if trust is None else {"trust": trust}
    return Egress(Policy(allow=tuple(map(read_allowed, allow)), ports=None), **more)
