"""Redis as the fast path: tell other processes after a commit. Losing a message loses nothing but time."""

import json
import logging
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import transaction

logger = logging.getLogger(__name__)
CHANNEL = "pulseops:changes"
SAMPLES = "pulseops:samples"  # apart, since they are many: whoever follows changes need not read them
TIMEOUT_SECONDS = 0.5
PAUSE_SECONDS = 5.0  # without hints after Redis did not take one


@cache
def client() -> redis.Redis:
    """This process's Redis client; short timeouts, because nobody may wait for the fast path."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )


def announce(topic: str, **facts: Any) -> None:
    """On commit, tell every process that `topic` changed."""
    message = json.dumps({"topic": topic, **facts})
    transaction.on_commit(lambda: _publish(message), robust=True)


def hint(channel: str, **facts: Any) -> None:
    """On commit, tell whoever listens. Of what comes many times a second: where Redis is away, nobody waits or logs."""
    message = json.dumps(facts)
    transaction.on_commit(lambda: _hint(channel, message), robust=True)


def parse(message: bytes) -> Mapping[str, Any]:
    """The facts of an announcement; an unreadable one reads as "anything may have changed"."""
    try:
        facts = json.loads(message)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _publish(message: str) -> None:
    try:
        client().publish(CHANNEL, message)
    except redis.RedisError as error:
        logger.warning("Redis did not take a change notice (%s); nodes will see it at their next poll", error)


_hints_again_at = 0.0  # on the monotonic clock


def _hint(channel: str, message: str) -> None:
    global _hints_again_at  # noqa: PLW0603 - one Redis, one memory of it
    if time.monotonic() < _hints_again_at:
        return
    try:
        client().publish(channel, message)
    except redis.RedisError:
        _hints_again_at = time.monotonic() + PAUSE_SECONDS
