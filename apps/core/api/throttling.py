"""Rate limits of the REST API: every request counts for its address, one with a key also for the key."""

from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.core.live.keyring import KeyFacts
from apps.core.live.rate_limits import RateLimiter

if TYPE_CHECKING:  # settings name this module: REST framework imports it before its own views
    from rest_framework.views import APIView


@cache
def addresses() -> RateLimiter:
    return RateLimiter(settings.RATE_LIMIT_PER_ADDRESS)


@cache
def keys() -> RateLimiter:
    return RateLimiter(settings.RATE_LIMIT_PER_KEY)


class LocalBucketThrottle(BaseThrottle):
    _wait_seconds = 0

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """The address comes first: reading `request.auth` already looks at the credentials."""
        self._wait_seconds = addresses().wait_seconds(client_address(request))
        if not self._wait_seconds and isinstance(request.auth, KeyFacts):
            self._wait_seconds = keys().wait_seconds(request.auth.id)
        return self._wait_seconds == 0

    def wait(self) -> float | None:
        return self._wait_seconds


def client_address(request: Request) -> str:
    """The peer, or whom our own proxies say it is; what stands further left in the header anyone can write."""
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    if 0 < settings.PROXY_HOPS <= len(forwarded):
        return str(forwarded[-settings.PROXY_HOPS].strip())
    return str(request.META.get("REMOTE_ADDR", ""))
