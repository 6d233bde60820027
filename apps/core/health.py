"""Whether this process and what it stands on are well: `/healthz` for load balancers, since a process that lost
PostgreSQL and Redis still evaluates flags; `/readyz` for monitoring; `/metrics` for Prometheus."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from apps.core import bus, clock, selectors
from apps.core.live.follower import Follower
from apps.core.live.keyring import keyring
from apps.core.live.measures import registry
from apps.core.models import ApiKey
from apps.core.services import BEAT

BEAT_STALE = timedelta(seconds=60)
SNAPSHOT_STALE_SECONDS = 10.0
LOOPBACK = frozenset({"127.0.0.1", "::1"})

_migrated = threading.Event()  # migrations are never taken back under a running process, so one look is enough


class Unwell(Exception):
    """A check failed; the message may be read by anyone, so it names no address and no person."""


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Each check with what it found; 503 when one failed."""
    checks = {name: _outcome(check) for name, check in CHECKS.items()}
    ready = all(check["ok"] for check in checks.values())
    document = {"status": "ready" if ready else "not ready", "version": settings.VERSION, "checks": checks}
    return JsonResponse(document, status=200 if ready else 503, headers={"Cache-Control": "no-store"})


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, of this process. For management keys that may read; on a developer's own machine for anyone
    there, since behind a proxy on the same host everybody seems to come from there."""
    if not _may_read_metrics(request):
        return HttpResponse(
            "Send a management key that may read, as a Bearer token.\n",
            status=401,
            headers={"WWW-Authenticate": "Bearer"},
        )
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics(request: HttpRequest) -> bool:
    if not settings.PRODUCTION and request.META.get("REMOTE_ADDR") in LOOPBACK:
        return True
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    key = keyring.find(token.strip()) if scheme.lower() == "bearer" else None
    return key is not None and key.kind == ApiKey.Kind.MANAGEMENT and bool(key.scopes)


def _outcome(check: Callable[[], str]) -> dict[str, object]:
    try:
        return {"ok": True, "detail": check()}
    except Unwell as problem:
        return {"ok": False, "detail": str(problem)}


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        raise Unwell("PostgreSQL does not answer.") from None
    return "embedded PostgreSQL answers" if settings.EMBEDDED_DATABASE else "external PostgreSQL answers"


def _redis() -> str:
    try:
        bus.client().ping()
    except redis.RedisError:
        raise Unwell("Redis does not answer: changes arrive by polling.") from None
    return "embedded Valkey answers" if settings.EMBEDDED_REDIS else "external Redis answers"


def _migrations() -> str:
    if not _migrated.is_set():
        try:
            executor = MigrationExecutor(connection)
            missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        except DatabaseError:
            raise Unwell("Unknown, because PostgreSQL does not answer.") from None
        if missing:
            raise Unwell(f"{len(missing)} migrations are not applied: run manage.py migrate.")
        _migrated.set()
    return "all applied"


def _beat() -> str:
    try:
        last = selectors.last_tick(BEAT)
    except DatabaseError:
        raise Unwell("Unknown, because PostgreSQL does not answer.") from None
    if last is None:
        raise Unwell("Beat has not ticked yet: is beat running, and a worker?")
    age = clock.now() - last
    if age > BEAT_STALE:
        raise Unwell(f"Beat ticked {age.total_seconds():.0f} s ago: is beat running, and a worker?")
    return f"ticked {age.total_seconds():.0f} s ago"


def _snapshots() -> str:
    follower = Follower.current
    if follower is None or follower.refreshed_at is None:
        raise Unwell("Keys and flags are not loaded in this process.")
    age = time.monotonic() - follower.refreshed_at
    if age > max(SNAPSHOT_STALE_SECONDS, 3 * settings.SNAPSHOT_POLL_SECONDS):
        raise Unwell(f"Keys and flags are {age:.0f} s old: this process serves its last state.")
    return f"current {age:.1f} s ago, changes arrive by {'notice' if follower.hears else 'polling'}"


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "redis": _redis,
    "migrations": _migrations,
    "beat": _beat,
    "snapshots": _snapshots,
}
