"""Who may evaluate, how often, and whether this process knows enough to answer."""

from django.conf import settings

from apps.core.asgi import Scope, client_address
from apps.core.live.keyring import KeyFacts, keyring
from apps.core.live.rate_limits import RateLimiter
from apps.core.models import ApiKey
from apps.flags.live.rulesets import Published, rulesets
from apps.flags.ofrep.answers import (
    FORBIDDEN,
    NOT_READY,
    UNAUTHORIZED,
    Refused,
    too_many_requests,
)

EVALUATING = frozenset({ApiKey.Kind.CLIENT.value, ApiKey.Kind.SERVER.value})
FAILED_PER_SECOND = 5.0  # wrong keys from one address, before it is told to wait instead of told why


class Admission:
    def __init__(self) -> None:
        self._proxy_hops = settings.PROXY_HOPS
        self._per_address = RateLimiter(settings.RATE_LIMIT_PER_ADDRESS)
        self._per_key = RateLimiter(settings.RATE_LIMIT_PER_KEY)
        self._failed = RateLimiter(FAILED_PER_SECOND)

    def address(self, scope: Scope) -> str:
        """The client's address. Raises Refused when it asks too often."""
        address = client_address(scope, self._proxy_hops)
        wait = self._per_address.wait_seconds(address)
        if wait:
            raise Refused(too_many_requests(wait))
        return address

    def key(self, headers: dict[bytes, bytes], address: str) -> KeyFacts:
        """The key that may evaluate. Raises Refused."""
        token = _token(headers)
        facts = keyring.find(token) if token else None
        if facts is None:
            raise self.unknown(address)
        if facts.kind not in EVALUATING:
            raise Refused(FORBIDDEN)
        wait = self._per_key.wait_seconds(facts.id)
        if wait:
            raise Refused(too_many_requests(wait))
        return facts

    def unknown(self, address: str) -> Refused:
        """For credentials that open nothing."""
        if not keyring.loaded:
            return Refused(NOT_READY)
        wait = self._failed.wait_seconds(address)
        return Refused(too_many_requests(wait) if wait else UNAUTHORIZED)


def published(key: KeyFacts) -> Published:
    """What the key's environment serves. Raises Refused while nothing is loaded."""
    found = rulesets.published(key.environment_id or 0)
    if found is None:
        raise Refused(NOT_READY)
    return found


def _token(headers: dict[bytes, bytes]) -> str | None:
    given = headers.get(b"authorization")
    if given is not None and given[:7].lower() == b"bearer ":
        return given[7:].strip().decode("latin-1")
    given = headers.get(b"x-api-key")
    return None if given is None else given.decode("latin-1")
