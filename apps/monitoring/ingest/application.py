"""Routes of the ingest path, and the way of a request: admitted, read, stored, answered. Acknowledged is committed."""

# What a batch of events costs: one SHA-256 to find the key, one parse, one pass over the items, one line of text per
# event for COPY, and a share of one transaction. Metrics are fewer and larger, so each push is its own transaction.

import asyncio
import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.conf import settings
from django.db import close_old_connections

from apps.core import clock, logs
from apps.core.admission import Admission, Refusals
from apps.core.asgi import (
    Answer,
    ClientGone,
    Cors,
    Receive,
    Refused,
    Scope,
    Send,
    joined,
    request_id,
    respond,
)
from apps.core.database import DATABASE_AWAY
from apps.core.live.keyring import KeyFacts
from apps.core.live.traffic import requests
from apps.core.models import ApiKey
from apps.monitoring import services
from apps.monitoring.domain.bodies import decode_json
from apps.monitoring.domain.events import EventBatch, read_batch
from apps.monitoring.domain.exposition import read_exposition
from apps.monitoring.domain.limits import FUTURE_SECONDS, LATE_DAYS
from apps.monitoring.domain.samples import Pushed, read_samples
from apps.monitoring.domain.values import Refusal, Window
from apps.monitoring.ingest.answers import (
    BROKEN,
    NOT_READY,
    NOT_STORED,
    OVERLOADED,
    UNAUTHORIZED,
    WRONG_KIND,
    counted,
    problem,
    too_many_requests,
    wrong_method,
)
from apps.monitoring.ingest.bodies import body_of
from apps.monitoring.live.collector import Collector, Overloaded
from apps.monitoring.services.events import Received, Turned

logger = logging.getLogger(__name__)
EVENTS, METRICS = "/api/v1/events", "/api/v1/metrics"
PATHS = frozenset({EVENTS, METRICS, f"{EVENTS}/", f"{METRICS}/"})
SENDING_EVENTS = (ApiKey.Kind.INGEST.value, ApiKey.Kind.CLIENT.value, ApiKey.Kind.SERVER.value)
SENDING_METRICS = (ApiKey.Kind.INGEST.value, ApiKey.Kind.SERVER.value)
METRIC_THREADS = 4
EXCERPTS = 20  # of refused items that one request leaves for developers to look at
EXCERPT_LENGTH = 500  # characters
_REFUSALS = Refusals(UNAUTHORIZED, WRONG_KIND, NOT_READY, too_many_requests)


class Ingest:
    """The ASGI application at /api/v1/events and /api/v1/metrics."""

    def __init__(self, collector: "Collector[Received | Turned, None]") -> None:
        self._collector = collector
        self._for_events = Admission(SENDING_EVENTS, _REFUSALS)
        self._for_metrics = Admission(SENDING_METRICS, _REFUSALS)
        self._threads = ThreadPoolExecutor(METRIC_THREADS, thread_name_prefix="metrics")
        self._cors = Cors(
            settings.CORS_ORIGINS,
            allow_headers="Authorization, X-API-Key, Content-Type, Content-Encoding",
            expose_headers="Retry-After, X-Request-Id",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        name = request_id(headers.get(b"x-request-id"))
        try:
            answer = await self._answer(scope, headers, receive)
        except Refused as refused:
            answer = refused.answer
        except Refusal as refusal:
            answer = problem(400, "invalid", f"{refusal.field} {refusal.reason}")
        except ClientGone:
            return
        except DATABASE_AWAY:
            answer = NOT_STORED
        except Overloaded:
            answer = OVERLOADED
        except Exception:
            logs.begin_request(name.decode())
            logger.exception("%s %s failed", scope["method"], scope["path"])
            answer = BROKEN
        requests["ingest", answer.status] += 1
        await respond(
            send, answer.status, joined(self._cors.headers(headers.get(b"origin")), answer, name), answer.body
        )

    async def _answer(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Answer:
        if scope["method"] == "OPTIONS":
            return Answer(204, b"", tuple(self._cors.preflight(b"POST, OPTIONS")))
        if scope["method"] != "POST":
            return wrong_method(b"POST")
        metrics = scope["path"].startswith(METRICS)
        admission = self._for_metrics if metrics else self._for_events
        key = admission.key(headers, admission.address(scope))
        body, window = await body_of(headers, receive), _window(clock.now())
        if metrics:
            return await self._metrics(key, body, window, as_json=b"json" in headers.get(b"content-type", b""))
        return await self._events(key, body, window)

    async def _events(self, key: KeyFacts, body: bytes, window: Window) -> Answer:
        raw = decode_json(body)
        batch = read_batch(raw, window)
        environment_id = key.environment_id or 0
        rows: list[Received | Turned] = [Received(environment_id, event, window.at) for event in batch.events]
        rows += _turned(environment_id, raw, batch, window.at)
        await self._collector.submit(rows)
        return counted(len(batch.events), batch.refused, "index")

    async def _metrics(self, key: KeyFacts, body: bytes, window: Window, *, as_json: bool) -> Answer:
        pushed = read_samples(decode_json(body), window) if as_json else read_exposition(body, window)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _store, key.environment_id or 0, pushed, window.at, as_json)


def write(rows: Sequence[Received | Turned]) -> Sequence[None]:
    """One transaction of the collector."""
    services.store_events(
        received=[row for row in rows if isinstance(row, Received)],
        turned=[row for row in rows if isinstance(row, Turned)],
    )
    return ()


def _store(environment_id: int, pushed: Pushed, at: datetime, as_json: bool) -> Answer:
    try:
        beyond = services.record(environment_id=environment_id, samples=pushed.samples, at=at, kinds=pushed.kinds)
    finally:
        close_old_connections()
    refused = (*pushed.refused, *beyond)
    return counted(len(pushed.samples) - len(beyond), refused, "index" if as_json else "line")


def _turned(environment_id: int, raw: object, batch: EventBatch, at: datetime) -> list[Turned]:
    items = raw if isinstance(raw, list) else raw["events"] if isinstance(raw, dict) else []
    return [
        Turned(environment_id, f"{one.field} {one.reason}"[:300], json.dumps(items[one.place])[:EXCERPT_LENGTH], at)
        for one in batch.refused[:EXCERPTS]
    ]


def _window(at: datetime) -> Window:
    return Window(at, timedelta(days=LATE_DAYS), timedelta(seconds=FUTURE_SECONDS))
