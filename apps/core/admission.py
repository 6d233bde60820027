"""Who may use a short path, and how often. What a refusal says is the path's own: it brings the answers."""

from collections.abc import Callable, Collection
from typing import NamedTuple

from django.conf import settings

from apps.core.asgi import Answer, Refused, Scope, client_address
from apps.core.live.keyring import KeyFacts, keyring
from apps.core.live.rate_limits import RateLimiter

FAILED_PER_SECOND = 5.0  # wrong keys from one address, before it is told to wait instead of told why


class Refusals(NamedTuple):
    unauthorized: Answer
    forbidden: Answer  # the key is of another kind
    not_ready: Answer  # this process does not know the keys yet
    too_many_requests: Callable[[int], Answer]  # seconds to wait


class Admission:
    def __init__(self, kinds: Collection[str], refusals: Refusals) -> None:
        self._kinds = frozenset(kinds)
        self._refusals = refusals
        self._proxy_hops = settings.PROXY_HOPS
        self._per_address = RateLimiter(settings.RATE_LIMIT_PER_ADDRESS)
        self._per_key = RateLimiter(settings.RATE_LIMIT_PER_KEY)
        self._failed = RateLimiter(FAILED_PER_SECOND)

    def address(self, scope: Scope) -> str:
        """The client's address. Raises Refused when it asks too often."""
        address = client_address(scope, self._proxy_hops)
        wait = self._per_address.wait_seconds(address)
        if wait:
            raise Refused(self._refusals.too_many_requests(wait))
        return address

    def key(self, headers: dict[bytes, bytes], address: str) -> KeyFacts:
        """The key, if it is of one of the kinds. Raises Refused."""
        token = _token(headers)
        facts = keyring.find(token) if token else None
        if facts is None:
            raise self.unknown(address)
        if facts.kind not in self._kinds:
            raise Refused(self._refusals.forbidden)
        wait = self._per_key.wait_seconds(facts.id)
        if wait:
            raise Refused(self._refusals.too_many_requests(wait))
        return facts

    def unknown(self, address: str) -> Refused:
        """For credentials that open nothing."""
        if not keyring.loaded:
            return Refused(self._refusals.not_ready)
        wait = self._failed.wait_seconds(address)
        return Refused(self._refusals.too_many_requests(wait) if wait else self._refusals.unauthorized)


def _token(headers: dict[bytes, bytes]) -> str | None:
    given = headers.get(b"authorization")
    if given is not None and given[:7].lower() == b"bearer ":
        return given[7:].strip().decode("latin-1")
    given = headers.get(b"x-api-key")
    return None if given is None else given.decode("latin-1")
