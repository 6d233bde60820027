"""Who waits at this process for news of a deployment. What is news is said on the bus; what it is, the page fetches."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.core import signing

from apps.core.asgi import Listener

PREFIX = "/deployment-news/"  # of the address, before the token
MOST = 1_000  # streams of a process
SALT, HOURS = "deployments.news", 12


class TooManyStreams(Exception):
    """This process has as many as it takes; the page asks from time to time instead."""


class News:
    topic = "deployments"

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open: defaultdict[int, set[Listener]] = defaultdict(set)

    def attach(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """From now on the streams live in this loop; None: there is none any more."""
        self._loop = loop

    def open(self, deployment_id: int) -> Listener:
        """Raises TooManyStreams. Whoever opens must `close`."""
        if sum(map(len, self._open.values())) >= MOST:
            raise TooManyStreams
        listener = Listener()
        self._open[deployment_id].add(listener)
        return listener

    def close(self, deployment_id: int, listener: Listener) -> None:
        self._open[deployment_id].discard(listener)
        if not self._open[deployment_id]:
            del self._open[deployment_id]

    def end_all(self) -> None:
        for listeners in self._open.values():
            for listener in listeners:
                listener.end()

    def refresh(self, facts: Mapping[str, Any]) -> None:
        """Called in the follower's thread. A poll is no news: pages ask by themselves now and then."""
        loop, deployment_id = self._loop, facts.get("deployment")
        if loop is not None and not loop.is_closed() and isinstance(deployment_id, int):
            loop.call_soon_threadsafe(self._wake, deployment_id)

    def _wake(self, deployment_id: int) -> None:
        for listener in self._open.get(deployment_id, ()):
            listener.wake()


news = News()


def token_of(deployment_id: int) -> str:
    """For the page of somebody who may see it. It opens a stream that only says that something changed."""
    return signing.TimestampSigner(salt=SALT).sign(str(deployment_id))


def deployment_of(token: str) -> int | None:
    """None when it is not ours, or old."""
    try:
        return int(signing.TimestampSigner(salt=SALT).unsign(token, max_age=HOURS * 3_600))
    except (signing.BadSignature, ValueError):
        return None
