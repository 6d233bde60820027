"""Everything on one machine, from an empty directory to the first page, under one supervisor."""

import http.client
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import OperationalError, connection, connections
from django.utils import timezone

from pulseops.stack import assets, banner, demo, demo_deployments, identity, lock, portal, postgres, serving, valkey
from pulseops.stack.console import Console
from pulseops.stack.processes import StackError
from pulseops.stack.supervisor import Supervisor

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ORPHANED_PORT_SECONDS = 5


def up(*, with_demo: bool) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP; everything is stopped when this returns."""
    began = time.monotonic()
    console = Console()
    with ExitStack() as stack:
        stack.enter_context(interruptible())
        killed = stack.enter_context(lock.held(settings.ADDRESSES.lock))
        listener = stack.enter_context(closing(_listener(killed)))
        supervisor = Supervisor(console)
        try:
            console.say(f"PulseOps {settings.VERSION} starts; its data is in {settings.VAR_DIR}")
            _start_servers(supervisor)
            facts = _prepare(console, with_demo)
            _start_portal(supervisor, listener)
            console.say(
                banner.text(
                    settings.PUBLIC_URL,
                    facts,
                    time.monotonic() - began,
                    mail=settings.MAIL_SINK,
                    shop=demo_deployments.address(),
                )
            )
            while True:
                supervisor.turn()
        except KeyboardInterrupt:
            console.say("Stopping ...")
        finally:
            listener.close()
            supervisor.stop()
    console.say("Stopped.")


@contextmanager
def interruptible() -> Iterator[None]:
    """Explicit handlers: a shell's background job starts with SIGINT ignored. A second signal changes nothing."""

    def interrupt(*_: Any) -> NoReturn:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listener(killed: bool) -> socket.socket:
    """The portal's port, taken before anything starts; after a kill the last web process may still be ending."""
    patience = time.monotonic() + (ORPHANED_PORT_SECONDS if killed else 0)
    while True:
        try:
            return serving.listen(settings.BIND, settings.PORT)
        except OSError as error:
            if time.monotonic() >= patience:
                raise StackError(
                    f"Cannot listen on {settings.BIND}:{settings.PORT}: {os.strerror(error.errno or 0)}. "
                    f"Choose another port, for example: PULSEOPS_PORT={settings.PORT + 1} make run"
                ) from error
            time.sleep(0.1)


def _start_servers(supervisor: Supervisor) -> None:
    addresses, console = settings.ADDRESSES, supervisor.console
    if settings.EMBEDDED_DATABASE:
        with console.step("PostgreSQL (embedded)"):
            who = identity.choose(addresses)
            postgres.prepare(addresses, who)
            child = supervisor.start(postgres.server(addresses, who))
            postgres.wait_until_ready(addresses, child.process)
    if settings.EMBEDDED_REDIS:
        with console.step("Valkey (embedded)"):
            child = supervisor.start(valkey.server(addresses))
            valkey.wait_until_ready(addresses, child.process)
    _reach_given_servers()


def _reach_given_servers() -> None:
    try:
        connection.ensure_connection()
        redis.Redis.from_url(settings.REDIS_URL).ping()
    except OperationalError as error:
        raise StackError(f"Cannot reach the database of DATABASE_URL: {error}") from error
    except redis.RedisError as error:
        raise StackError(f"Cannot reach the server of REDIS_URL: {error}") from error


def _prepare(console: Console, with_demo: bool) -> "demo.DemoFacts | None":
    with console.step("Database schema"):
        call_command("migrate", interactive=False, verbosity=0)
    with console.step("Static files"):
        assets.collect(settings.STATIC_ROOT)
    facts = None
    if with_demo and not settings.PRODUCTION and (demo.loaded() or not get_user_model().objects.exists()):
        with console.step("Demo project"):
            facts = demo.ensure(at=timezone.now())
    connections.close_all()
    return facts


def _start_portal(supervisor: Supervisor, listener: socket.socket) -> None:
    """The web process alone until it answers, since people wait for it; then the rest."""
    answered = threading.Event()
    with supervisor.console.step("First page"):
        web, *others = portal.programs(settings.BASE_DIR, listener.fileno(), _mail())
        supervisor.start(web)
        threading.Thread(target=_wait_for_page, args=(answered,), daemon=True).start()
        while not answered.is_set():
            supervisor.turn(0.1)
    for program in [*others, *demo_deployments.programs()]:
        supervisor.start(program)


def _mail() -> "tuple[int, Path] | None":
    return (settings.MAIL_PORT, settings.MAIL_DIR) if settings.MAIL_SINK else None


def _wait_for_page(answered: threading.Event) -> None:
    """Any HTTP answer counts: /healthz says itself what is wrong."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.BIND, settings.BIND)  # noqa: S104
    while not answered.is_set():
        try:
            page = http.client.HTTPConnection(host, settings.PORT, timeout=30)
            page.request("GET", "/healthz", headers={"Host": urlsplit(settings.PUBLIC_URL).netloc})
            page.getresponse().read()
            answered.set()
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
