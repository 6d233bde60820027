"""The address that a job pings. A GET changes something here, and only here: cron and curl know nothing else.
Acknowledged is committed; while one transaction commits, the pings that arrive gather for the next."""

import logging
from collections.abc import Sequence

from django.conf import settings

from apps.core import clock
from apps.core.asgi import Answer, Receive, Refused, Scope, Send, client_address, joined, request_id, respond
from apps.core.database import DATABASE_AWAY
from apps.core.domain.keys import digest
from apps.core.live.rate_limits import RateLimiter
from apps.core.live.traffic import requests
from apps.monitoring import services
from apps.monitoring.domain.checks.heartbeats import Ping
from apps.monitoring.ingest.answers import BROKEN, NOT_STORED, OVERLOADED, problem, too_many_requests, wrong_method
from apps.monitoring.live.collector import Collector, Overloaded
from apps.monitoring.services.hearing import Heard, Hearing

logger = logging.getLogger(__name__)
PREFIX = "/ping/"
SAID = {"": Ping.SUCCESS, "start": Ping.START, "fail": Ping.FAIL}
MAX_TOKEN = 100  # characters
GATHER_SECONDS = 0.002  # before a transaction begins; it takes some four times as long itself
PER_TOKEN = 10.0  # pings a second, per process
UNKNOWN_PER_ADDRESS = 5.0  # tokens a second that open nothing, before an address is told to wait instead

_NO_STORE = (b"cache-control", b"no-store")
OK = Answer(200, b"OK\n", ((b"content-type", b"text/plain; charset=utf-8"),))
UNKNOWN = problem(404, "not_found", "There is no heartbeat at this address.")
# Not HEAD: what previews a link must not ping.
WRONG_METHOD = wrong_method(b"GET, POST")


class Pings:
    """The ASGI application below /ping/."""

    def __init__(self, collector: "Collector[Heard, Hearing]") -> None:
        self._collector = collector
        self._proxy_hops = settings.PROXY_HOPS
        self._per_address = RateLimiter(settings.RATE_LIMIT_PER_ADDRESS)
        self._per_token = RateLimiter(PER_TOKEN)
        self._unknown = RateLimiter(UNKNOWN_PER_ADDRESS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope)
        except Refused as refused:
            answer = refused.answer
        except DATABASE_AWAY:
            answer = NOT_STORED
        except Overloaded:
            answer = OVERLOADED
        except Exception:
            logger.exception("A ping failed")  # its address is a secret
            answer = BROKEN
        requests["ping", answer.status] += 1
        name = next((value for header, value in scope["headers"] if header == b"x-request-id"), None)
        await respond(send, answer.status, joined([_NO_STORE], answer, request_id(name)), answer.body)

    async def _answer(self, scope: Scope) -> Answer:
        if scope["method"] not in ("GET", "POST"):
            return WRONG_METHOD
        address = client_address(scope, self._proxy_hops)
        _pass(self._per_address, address)
        token, _, word = scope["path"].removeprefix(PREFIX).partition("/")
        said = SAID.get(word)
        if said is None or not 0 < len(token) <= MAX_TOKEN or (word == "" and scope["path"].endswith("/")):
            return self._nothing(address)
        key = digest(token)
        _pass(self._per_token, key)
        (hearing,) = await self._collector.submit((Heard(key, said, clock.now()),))
        if hearing is Hearing.UNKNOWN:
            return self._nothing(address)
        return OK if hearing is Hearing.KEPT else BROKEN

    def _nothing(self, address: str) -> Answer:
        """Guesses are slowed down, and a job with an old address cannot fill the day with them."""
        _pass(self._unknown, address)
        return UNKNOWN


def write(heard: Sequence[Heard]) -> Sequence[Hearing]:
    """One transaction of the collector."""
    return services.hear_pings(heard=heard)


def _pass(limiter: RateLimiter, who: object) -> None:
    wait = limiter.wait_seconds(who)
    if wait:
        raise Refused(too_many_requests(wait))
