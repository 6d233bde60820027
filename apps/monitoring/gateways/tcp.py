"""Opening a TCP connection, and nothing more."""

import time

from apps.core.egress import Egress
from apps.monitoring.domain.checks.judging import Outcome, judge_connected
from apps.monitoring.domain.checks.kinds import TcpCheck


async def probe(check: TcpCheck, egress: Egress) -> Outcome:
    started = time.monotonic()
    async with egress.connect(check.host, check.port, deadline_seconds=check.timeout_seconds):
        return judge_connected(check, time.monotonic() - started)
