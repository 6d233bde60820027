"""Routes of OFREP, and the one place where a request becomes an answer. The hot path is `_evaluate`."""

# What one evaluation costs besides the engine: the headers become a dictionary in one C call; two token buckets;
# one SHA-256 to find the key; the body is read in one piece and parsed once; the answer's JSON exists already, so
# it goes out by reference in one start and one body message. No task, no timer, no lock that anybody waits for
# (counting takes one for a microsecond), no query, and no line in the log.

import logging

from django.conf import settings

from apps.core import clock, logs
from apps.core.asgi import (
    STREAM_HEADERS,
    Answer,
    BodyTooLarge,
    ClientGone,
    Cors,
    Headers,
    Receive,
    Refused,
    Scope,
    Send,
    joined,
    read_body,
    request_id,
    respond,
)
from apps.core.live.traffic import requests
from apps.flags.live.streams import Subscriber, streams
from apps.flags.ofrep import events
from apps.flags.ofrep.admission import admission, published
from apps.flags.ofrep.answers import (
    BROKEN,
    NO_SUCH_ADDRESS,
    SLOW_BODY,
    too_large,
    wrong_method,
)
from apps.flags.ofrep.catching_up import CatchingUp
from apps.flags.ofrep.evaluation import MAX_BODY_BYTES, bulk, single
from apps.flags.ofrep.views import STREAMS_PATH, view

logger = logging.getLogger(__name__)
BULK = "/ofrep/v1/evaluate/flags"
SINGLE = BULK + "/"
_KEY_STARTS = len(SINGLE)


class Ofrep:
    """The ASGI application below /ofrep/."""

    def __init__(self) -> None:
        self._admission = admission()
        self._catching_up = CatchingUp()
        self._cors = Cors(
            settings.CORS_ORIGINS,
            allow_headers="Authorization, X-API-Key, Content-Type, If-None-Match",
            expose_headers="ETag, Retry-After, X-Request-Id",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, headers = scope["path"], dict(scope["headers"])
        name = request_id(headers.get(b"x-request-id"))
        try:
            if scope["method"] == "POST" and (path.startswith(SINGLE) or path == BULK):
                answer = await self._evaluate(scope, headers, receive)
            else:
                answer = self._other(scope)
        except Refused as refused:
            answer = refused.answer
        except ClientGone:
            return
        except Exception:
            logs.begin_request(name.decode())
            logger.exception("%s %s failed", scope["method"], path)
            answer = BROKEN
        base = self._cors.headers(headers.get(b"origin"))
        if isinstance(answer, Subscriber):
            await _stream(answer, events.known_etag(scope, headers), base, receive, send)
        else:
            requests["ofrep", answer.status] += 1
            await respond(send, answer.status, joined(base, answer, name), answer.body)

    async def _evaluate(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Answer | Subscriber:
        key = self._admission.key(headers, self._admission.address(scope))
        if int(headers.get(b"content-length", 0)) > MAX_BODY_BYTES:
            return too_large(MAX_BODY_BYTES)
        try:
            body = await read_body(receive, MAX_BODY_BYTES)
        except BodyTooLarge:
            return too_large(MAX_BODY_BYTES)
        except TimeoutError:
            return SLOW_BODY
        path, served = scope["path"], published(key)
        if path != BULK:
            return single(view(served, key), path[_KEY_STARTS:], body, clock.seconds())
        if scope["query_string"]:
            served = await self._catching_up.up_to(scope["query_string"], served)
        return bulk(view(served, key), body, headers.get(b"if-none-match"), clock.seconds())

    def _other(self, scope: Scope) -> Answer | Subscriber:
        path, method = scope["path"], scope["method"]
        if path.startswith(STREAMS_PATH):
            return self._subscribe(scope) if method == "GET" else self._wrong_method(method, b"GET, OPTIONS")
        if path.startswith(SINGLE) or path == BULK:
            return self._wrong_method(method, b"POST, OPTIONS")
        return NO_SUCH_ADDRESS

    def _subscribe(self, scope: Scope) -> Subscriber:
        address = self._admission.address(scope)
        key = events.key_behind(scope["path"].removeprefix(STREAMS_PATH))
        if key is None:
            raise self._admission.unknown(address)
        return events.subscribe(key, address)

    def _wrong_method(self, method: str, allowed: bytes) -> Answer:
        if method == "OPTIONS":
            return Answer(204, b"", tuple(self._cors.preflight(allowed)))
        return wrong_method(allowed)


async def _stream(subscriber: Subscriber, known: str, base: Headers, receive: Receive, send: Send) -> None:
    requests["ofrep streams", 200] += 1
    try:
        await send({"type": "http.response.start", "status": 200, "headers": [*base, *STREAM_HEADERS]})
        await events.run(subscriber, known, receive, send)
    finally:
        streams.close(subscriber)
