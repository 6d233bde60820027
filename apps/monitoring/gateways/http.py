"""Asking over HTTP. Redirects are followed, each hop judged by the guard, unless a redirect is what is expected."""

from apps.core.egress import Egress, Limits
from apps.monitoring.domain.checks.judging import HttpAnswer, Outcome, judge_http
from apps.monitoring.domain.checks.kinds import HttpCheck

BODY_LIMIT = 262_144  # bytes
REDIRECTS = 5
_FOLLOWED = ("GET", "HEAD")


async def probe(check: HttpCheck, egress: Egress) -> Outcome:
    follows = check.method in _FOLLOWED and not any(300 <= status < 400 for status in check.expected_status)
    limits = Limits(check.timeout_seconds, BODY_LIMIT, REDIRECTS if follows else 0)
    reply = await egress.request(check.method, check.url, limits=limits)
    return judge_http(check, HttpAnswer(reply.status, reply.body, reply.seconds, is_cut=reply.truncated))
