"""The event stream that tells clients to ask again. It carries no values: whoever listens learns only that
something changed."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import orjson

from apps.core import clock
from apps.core.asgi import FIRST, HEARTBEAT, HEARTBEAT_SECONDS, Receive, Refused, Scope, Send, stream
from apps.core.live import shutdown
from apps.core.live.keyring import KeyFacts, keyring
from apps.flags.live.rulesets import Published, rulesets
from apps.flags.live.streams import Subscriber, TooManyStreams, key_of, streams
from apps.flags.ofrep.answers import later


def key_behind(token: str) -> KeyFacts | None:
    """The key whose address this is, unless it was revoked or has expired."""
    key_id = key_of(token)
    return None if key_id is None else keyring.by_id(key_id, at=clock.now())


def subscribe(key: KeyFacts, address: str) -> Subscriber:
    """Raises Refused."""
    if shutdown.begun.is_set():
        raise Refused(later(503, "GENERAL", "This process is about to stop.", seconds=1))
    try:
        return streams.open(key.id, key.environment_id or 0, address)
    except TooManyStreams:
        raise Refused(later(429, "GENERAL", "Too many open streams.", seconds=30)) from None


async def run(subscriber: Subscriber, known: str, receive: Receive, send: Send) -> None:
    """Send news until the client, the key or the process goes. `known` is the config etag that the client has."""
    await stream(subscriber, _chunks(subscriber, known), receive, send)


def known_etag(scope: Scope, headers: dict[bytes, bytes]) -> str:
    """What the client has seen last: by its own word after a reconnect, else by the address it was given."""
    last = headers.get(b"last-event-id")
    if last:
        return last.decode("latin-1")
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("latin-1")).get("since", [""])[0]


async def _chunks(subscriber: Subscriber, known: str) -> AsyncIterator[bytes]:
    yield FIRST
    timely = True
    while not subscriber.ended and keyring.by_id(subscriber.key_id, at=clock.now()):
        published = rulesets.published(subscriber.environment_id)
        if published and known and published.etag != known:
            yield _event(published)
        elif not timely:
            yield HEARTBEAT
        known = published.etag if published else known
        timely = await subscriber.news(HEARTBEAT_SECONDS)


def _event(published: Published) -> bytes:
    modified = int(published.changed_at.timestamp())
    data = orjson.dumps({"type": "refetchEvaluation", "etag": published.etag, "lastModified": modified})
    return b"event: message\nid: " + published.etag.encode() + b"\ndata: " + data + b"\n\n"
