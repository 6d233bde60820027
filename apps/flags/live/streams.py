"""Who waits at this process for news of an environment's flags. Lives in the event loop's thread: other threads
only ask the loop to wake somebody. What is sent over the wire is the edge's business."""

import asyncio
import hmac
from collections import Counter, defaultdict
from hashlib import sha256

from django.conf import settings

from apps.core.asgi import Listener
from apps.flags.live.rulesets import Published

STREAMS_PER_PROCESS = 10_000
STREAMS_PER_KEY = 5_000  # a client key is shared by all browsers of a site
STREAMS_PER_ADDRESS = 500  # so that one visitor cannot take them all


class TooManyStreams(Exception):
    """One of the three limits is reached."""


class Subscriber(Listener):
    """A stream of one key's environment."""

    def __init__(self, key_id: int, environment_id: int, address: str) -> None:
        super().__init__()
        self.key_id = key_id
        self.environment_id = environment_id
        self.address = address


class Streams:
    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open: defaultdict[int, set[Subscriber]] = defaultdict(set)
        self._per_key: Counter[int] = Counter()
        self._per_address: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._per_key.total()

    def attach(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """From now on the streams live in this loop; None: there is none any more."""
        self._loop = loop

    def open(self, key_id: int, environment_id: int, address: str) -> Subscriber:
        """Raises TooManyStreams. Whoever opens must `close`."""
        full = (
            len(self) >= STREAMS_PER_PROCESS
            or self._per_key[key_id] >= STREAMS_PER_KEY
            or self._per_address[address] >= STREAMS_PER_ADDRESS
        )
        if full:
            raise TooManyStreams
        subscriber = Subscriber(key_id, environment_id, address)
        self._open[environment_id].add(subscriber)
        self._per_key[key_id] += 1
        self._per_address[address] += 1
        return subscriber

    def close(self, subscriber: Subscriber) -> None:
        self._open[subscriber.environment_id].discard(subscriber)
        self._per_key.subtract([subscriber.key_id])
        self._per_address.subtract([subscriber.address])
        if not self._per_address[subscriber.address]:
            del self._per_address[subscriber.address]  # keys are few, addresses are not

    def end_all(self) -> None:
        for subscribers in self._open.values():
            for subscriber in subscribers:
                subscriber.end()

    def ruleset_swapped(self, published: Published) -> None:
        """Called in any thread."""
        self._in_loop(published.environment_id)

    def keys_swapped(self) -> None:
        """Called in any thread. Every stream looks at its key again."""
        self._in_loop(None)

    def _in_loop(self, environment_id: int | None) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake, environment_id)

    def _wake(self, environment_id: int | None) -> None:
        chosen = list(self._open) if environment_id is None else [environment_id]
        for one in chosen:
            for subscriber in self._open.get(one, ()):
                subscriber.wake()


streams = Streams()


def token_of(key_id: int) -> str:
    """What a stream's address carries in place of the key: it opens streams and nothing else, and dies with the key."""
    return f"{key_id}-{_signature(key_id)}"


def key_of(token: str) -> int | None:
    """The key id inside a genuine token."""
    digits, _, signature = token.partition("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19 and signature.isascii()):
        return None
    return int(digits) if hmac.compare_digest(signature, _signature(int(digits))) else None


def _signature(key_id: int) -> str:
    message = b"pulseops.flags.streams:%d" % key_id
    return hmac.new(settings.SECRET_KEY.encode(), message, sha256).hexdigest()[:40]
