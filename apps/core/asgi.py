"""The short ASGI path: what an answer needs when Django's request machinery would cost more than the answer.

No routes and no rules. Pages and the REST API have no business here: they are ordinary Django.
"""

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, NamedTuple

from apps.core import logs

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

BODY_SECONDS = 10.0  # for a body that does not arrive with its headers
BODILESS = frozenset({204, 304})
JSON = (b"content-type", b"application/json; charset=utf-8")

_ids = itertools.count()
_id_prefix = secrets.token_hex(6)


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (JSON,)


class Refused(Exception):
    """Ends the handling of a request with `answer`."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class BodyTooLarge(Exception):
    """The request's body is over the limit that the caller gave."""


class ClientGone(Exception):
    """Nobody is left to answer."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body. Raises BodyTooLarge as soon as that is known, ClientGone, or TimeoutError."""
    message = await receive()
    if not message.get("more_body"):
        if message["type"] == "http.disconnect":
            raise ClientGone
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise BodyTooLarge
        return body
    async with asyncio.timeout(BODY_SECONDS):  # dear on the hot path, so only here
        return await _rest_of_body(message, receive, limit)


async def _rest_of_body(message: Message, receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > limit:
            raise BodyTooLarge
        if not message.get("more_body"):
            return bytes(body)
        message = await receive()


def request_id(proposed: bytes | None) -> bytes:
    """The client's id when it is short and plain, else one of ours. Cheaper than `logs.begin_request`, which is
    for when something is logged."""
    if proposed and len(proposed) <= logs.REQUEST_ID_LIMIT and proposed.replace(b"-", b"").replace(b"_", b"").isalnum():
        return proposed
    return f"{_id_prefix}{next(_ids):x}".encode()


def client_address(scope: Scope, proxy_hops: int) -> str:
    """Who is asking, as the outermost of our own `proxy_hops` proxies saw it. Anything further left in
    X-Forwarded-For was written by the client."""
    client = scope.get("client")
    peer = str(client[0]) if client else ""
    if not proxy_hops:
        return peer
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    hops = [hop.strip() for hop in ",".join(lines).split(",") if hop.strip()]
    return hops[-proxy_hops] if len(hops) >= proxy_hops else peer


_NONE: Headers = []


class Cors:
    """Answers to browsers on other origins. No cookies are involved, so `*` gives nothing away."""

    def __init__(self, origins: Iterable[str], *, allow_headers: str, expose_headers: str) -> None:
        self._allow_headers = allow_headers.encode()
        exposed = (b"access-control-expose-headers", expose_headers.encode())
        allowed = [origin.rstrip("/").encode() for origin in origins]
        self._anyone = [(b"access-control-allow-origin", b"*"), exposed] if b"*" in allowed else None
        vary = (b"vary", b"Origin")
        self._stranger: Headers = [vary]
        self._known: Mapping[bytes, Headers] = {
            origin: [(b"access-control-allow-origin", origin), exposed, vary] for origin in allowed
        }

    def headers(self, origin: bytes | None) -> Headers:
        """What every answer to a page carries; other clients send no Origin, and servers are slow at writing headers.
        The list is shared: copy it, do not add to it."""
        if origin is None:
            return _NONE
        return self._anyone or self._known.get(origin, self._stranger)

    def preflight(self, methods: bytes) -> Headers:
        """What the answer to an OPTIONS request carries besides `headers`."""
        return [
            (b"access-control-allow-methods", methods),
            (b"access-control-allow-headers", self._allow_headers),
            (b"access-control-max-age", b"86400"),
        ]


def with_header(answer: Answer, name: bytes, value: bytes) -> Answer:
    return Answer(answer.status, answer.body, (*answer.headers, (name, value)))


def joined(base: Headers, answer: Answer, request_id: bytes) -> Headers:
    """A new list: servers may add to what they are given."""
    return [*base, *answer.headers, (b"x-request-id", request_id)]


async def respond(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """One answer in two messages. `headers` is added to, here and by servers."""
    if status not in BODILESS:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Listener:
    """One open stream. News is a flag and not a queue: a slow reader costs no memory and gets the newest. Lives in the
    event loop's thread."""

    def __init__(self) -> None:
        self.ended = False
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    def end(self) -> None:
        self.ended = True
        self._woken.set()

    async def news(self, seconds: float) -> bool:
        """Wait for a wake-up; False when none came in time."""
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return False
        self._woken.clear()
        return True


HEARTBEAT_SECONDS = 15.0
SEND_SECONDS = 30.0  # for a reader that takes nothing
FIRST, HEARTBEAT = b"retry: 3000\n\n", b":\n\n"
STREAM_HEADERS: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


async def stream(listener: Listener, chunks: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
    """Send these until they end or the client goes. The answer's head has been sent."""
    gone = asyncio.ensure_future(_until_gone(receive))
    gone.add_done_callback(lambda _: listener.end())
    try:
        async for chunk in chunks:
            message = {"type": "http.response.body", "body": chunk, "more_body": True}
            await asyncio.wait_for(send(message), SEND_SECONDS)
        await send({"type": "http.response.body", "body": b""})
    except TimeoutError:
        return  # the server closes the connection when an answer stays unfinished
    finally:
        gone.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
