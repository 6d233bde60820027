"""A TLS handshake, for the certificate's end. Whether the certificate is trusted, the handshake itself tells."""

import ssl
import time
from datetime import UTC, datetime

from apps.core.egress import Egress
from apps.monitoring.domain.checks.judging import Outcome, judge_certificate
from apps.monitoring.domain.checks.kinds import TlsCheck


async def probe(check: TlsCheck, egress: Egress, *, at: datetime) -> Outcome:
    started = time.monotonic()
    async with egress.connect(check.host, check.port, tls=True, deadline_seconds=check.timeout_seconds) as stream:
        latency, ends = time.monotonic() - started, str(stream.certificate["notAfter"])
    ends_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)
    return judge_certificate(check, ends_at=ends_at, at=at, latency_seconds=latency)
