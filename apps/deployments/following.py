"""The stream that tells a deployment's page to fetch itself anew, on the short path: no thread waits with it."""

from collections.abc import AsyncIterator

from apps.core.asgi import (
    FIRST,
    HEARTBEAT,
    HEARTBEAT_SECONDS,
    STREAM_HEADERS,
    Listener,
    Receive,
    Scope,
    Send,
    respond,
    stream,
)
from apps.core.live import shutdown
from apps.deployments.live.news import PREFIX, TooManyStreams, deployment_of, news

CHANGED = b"data: changed\n\n"


class Following:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        deployment_id = deployment_of(scope["path"].removeprefix(PREFIX))
        if scope["method"] != "GET" or deployment_id is None:
            return await respond(send, 404, [], b"")
        try:
            listener = news.open(deployment_id)
        except TooManyStreams:
            return await respond(send, 503, [], b"")
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [*STREAM_HEADERS]})
            await stream(listener, _chunks(listener), receive, send)
        finally:
            news.close(deployment_id, listener)
        return None


async def _chunks(listener: Listener) -> AsyncIterator[bytes]:
    yield FIRST
    while not listener.ended and not shutdown.begun.is_set():
        timely = await listener.news(HEARTBEAT_SECONDS)
        yield CHANGED if timely else HEARTBEAT
