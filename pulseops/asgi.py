"""The portal as one ASGI application: short paths are answered here, everything else is Django as WSGI in a pool of
threads. Also the life of a web process: what starts before its first request and ends after its last."""

import asyncio
import gc
from typing import cast

from a2wsgi import WSGIMiddleware

from pulseops.wsgi import application as django  # sets Django up, so it comes first

# isort: split
from apps.alerts.status import Status
from apps.core.asgi import Application, Message, Receive, Scope, Send, respond
from apps.core.live import shutdown
from apps.core.live.traffic import requests
from apps.deployments import following
from apps.deployments.live.news import PREFIX as NEWS
from apps.deployments.live.news import news
from apps.flags.live.streams import streams
from apps.flags.ofrep import Ofrep
from apps.monitoring.ingest import PATHS, PREFIX, Ingest, Pings
from pulseops import wiring

THREADS = 16  # for Django: as many requests as may wait for the database at once
FIRST_LOAD_SECONDS = 10.0  # then OFREP answers 503 until the flags are there
LAST_FLUSH_SECONDS = 1.0  # with the server's own 3 s for requests under way: within 5 in all
LAST_LISTEN_SECONDS = 0.5
LOOK_FOR_SHUTDOWN_SECONDS = 0.2  # the order arrives in a signal handler, which can do little more than set a flag
KINDS = frozenset({"admin", "api", "static", "healthz", "readyz", "metrics"})


class Portal:
    def __init__(self) -> None:
        self._threads = WSGIMiddleware(django, workers=THREADS)  # type: ignore[arg-type]  # a WSGI application all the same
        self._django = cast(Application, self._threads)
        self._ofrep = Ofrep()
        self._status = Status()
        self._following = following.Following()
        self._collector, self._pings_collector = wiring.collector(), wiring.pings_collector()
        self._ingest, self._pings = Ingest(self._collector), Pings(self._pings_collector)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and scope["path"].startswith("/ofrep/"):
            await self._ofrep(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith("/status/"):
            await self._status(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] in PATHS:
            await self._ingest(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self._pings(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(NEWS):
            await self._following(scope, receive, send)
        elif scope["type"] == "http":
            await self._page(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        first = scope["path"].split("/", 2)[1]
        kind = first if first in KINDS else "other"

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                requests[kind, message["status"]] += 1
            await send(message)

        if scope["query_string"].isascii():
            await self._django(scope, receive, counted)
        else:
            await respond(counted, 400, [], b"")

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        follower, flusher = wiring.follower(), wiring.flusher()
        follower.start()
        flusher.start()
        self._collector.start()
        self._pings_collector.start()
        streams.attach(asyncio.get_running_loop())
        news.attach(asyncio.get_running_loop())
        ending = asyncio.create_task(_end_streams_on_shutdown())
        await asyncio.to_thread(follower.loaded.wait, FIRST_LOAD_SECONDS)
        gc.collect()
        gc.freeze()  # what is loaded by now stays: no later request waits while ten thousand flags are walked
        await send({"type": "lifespan.startup.complete"})
        await receive()
        ending.cancel()
        streams.attach(None)
        news.attach(None)
        follower.stop()
        flusher.stop()
        self._collector.stop()
        self._pings_collector.stop()
        await asyncio.to_thread(flusher.join, LAST_FLUSH_SECONDS)
        await asyncio.to_thread(self._collector.join, LAST_FLUSH_SECONDS)
        await asyncio.to_thread(self._pings_collector.join, LAST_FLUSH_SECONDS)
        await asyncio.to_thread(follower.join, LAST_LISTEN_SECONDS)
        self._threads.executor.shutdown(wait=False)
        await send({"type": "lifespan.shutdown.complete"})


async def _end_streams_on_shutdown() -> None:
    while not shutdown.begun.is_set():
        await asyncio.sleep(LOOK_FOR_SHUTDOWN_SECONDS)
    streams.end_all()
    news.end_all()


application = Portal()
