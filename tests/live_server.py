"""`live_portal`: the whole portal behind uvicorn, in a thread of the test process, on the test database.

Committed data only: ask for `transactional_db` (the fixture does). Redis and PostgreSQL are the test run's own.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import uvicorn
from django.db import connections
from pytest_django import Settings

from apps.core.live import follower, shutdown
from apps.core.live.keyring import keyring
from apps.flags.live.rulesets import rulesets
from pulseops.asgi import Portal
from pulseops.stack import serving

START_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class LivePortal:
    url: str  # without a slash at the end

    def catch_up(self) -> None:
        """Know all committed keys and flags now, instead of some milliseconds after the notice."""
        keyring.refresh({})
        rulesets.refresh({})


@pytest.fixture
def live_portal(transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[LivePortal]:
    monkeypatch.setattr(follower, "LISTEN_SECONDS", 0.05)  # the end of every test waits for the follower to look up
    listener = serving.listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    settings.PUBLIC_URL = f"http://127.0.0.1:{port}"
    settings.CSRF_TRUSTED_ORIGINS = [settings.PUBLIC_URL]
    with _connections_end_with_requests():
        server = uvicorn.Server(_config(Portal()))
        thread = threading.Thread(target=server.run, args=([listener],), name="live-portal")
        thread.start()
        try:
            _wait_until(lambda: server.started or not thread.is_alive())
            yield LivePortal(settings.PUBLIC_URL)
        finally:
            shutdown.begin()
            server.should_exit = True
            thread.join()
            shutdown.begun.clear()


def _config(portal: Portal) -> uvicorn.Config:
    return uvicorn.Config(
        portal, http="httptools", loop="uvloop", lifespan="on", log_config=None, timeout_graceful_shutdown=3
    )


def _wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not done():
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)


@contextmanager
def _connections_end_with_requests() -> Iterator[None]:
    """No thread of the server may hold a connection when the test database goes."""
    options = connections["default"].settings_dict
    kept = options["CONN_MAX_AGE"]
    options["CONN_MAX_AGE"] = 0
    try:
        yield
    finally:
        options["CONN_MAX_AGE"] = kept
