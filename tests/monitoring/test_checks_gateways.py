"""Probes against real servers on loopback: what they answer well, badly, slowly or not at all."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction

from apps.core import egress
from apps.core.egress import Egress, InsideTransaction
from apps.monitoring.domain.checks.judging import Outcome
from apps.monitoring.domain.checks.kinds import Kind
from apps.monitoring.domain.checks.reading import read_check
from apps.monitoring.gateways import postgres as gateway
from apps.monitoring.gateways import probe
from tests.core.egress_peers import authority, reply, says, serving
from tests.factories import AT
from tests.monitoring.probing import way_out

HERE = "127.0.0.1"


def ask(kind: Kind, config: dict[str, Any], *, out: Egress | None = None, secret: str = "") -> Outcome:
    check = read_check(kind, {"timeout_seconds": 2, **config})
    return egress.run(probe(check, out or way_out(), secret=secret, at=AT))


def hangs(*_: object) -> None:
    threading.Event().wait(3)


def closed_port() -> int:
    with socket.socket() as free:
        free.bind((HERE, 0))
        return int(free.getsockname()[1])


# HTTP


@pytest.mark.parametrize(
    ("answer", "config", "reason"),
    [
        (reply(), {}, ""),
        (reply("503 Service Unavailable"), {}, "status 503, expected 200-299"),
        (reply("503 Service Unavailable"), {"expected_status": "5xx"}, ""),
        (reply("301 Moved", Location="http://192.0.2.1/"), {"expected_status": 301}, ""),
        (reply(body=b'{"ok": true}'), {"json": [{"path": "$.ok", "operator": "equals", "value": True}]}, ""),
        (reply(body=b"x" * 300_000 + b"end"), {"contains": ["end"]}, "as far as it was read"),
        (says(b"nonsense\r\n\r\n"), {}, "no HTTP"),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), {}, "breaks off"),
        (says(), {}, "breaks off"),
        (hangs, {"timeout_seconds": 0.3}, "no answer within 0.3 s"),
    ],
)
def test_an_answer_over_http(answer: Any, config: dict[str, Any], reason: str) -> None:
    with serving(answer) as peer:
        outcome = ask(Kind.HTTP, {"url": peer.url, **config})
    assert (outcome.ok, reason in outcome.reason) == (not reason, True), outcome


def test_a_redirect_is_followed_and_every_hop_is_judged() -> None:
    with serving(reply(body=b"there")) as there, serving(reply("302 Found", Location=there.url)) as here:
        assert ask(Kind.HTTP, {"url": here.url, "contains": ["there"]}).ok
        outcome = ask(Kind.HTTP, {"url": here.url}, out=way_out(allow=(f"{HERE}:{here.port}",)))
    assert (outcome.ok, "loopback" in outcome.reason, there.connections) == (False, True, 1)


def test_redirects_in_a_circle_end() -> None:
    with serving(reply("302 Found", Location="/")) as peer:
        assert ask(Kind.HTTP, {"url": peer.url}).reason == "more than 5 redirects"
        assert peer.connections == 6


def test_head_is_asked_without_a_body() -> None:
    with serving(says(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")) as peer:
        assert ask(Kind.HTTP, {"url": peer.url, "method": "HEAD"}).ok


# TCP and TLS


def test_a_port_that_takes_connections_and_one_that_does_not() -> None:
    with serving(hangs, reads=False) as peer:
        assert ask(Kind.TCP, {"host": HERE, "port": peer.port}).ok
    port = closed_port()
    outcome = ask(Kind.TCP, {"host": HERE, "port": port})
    assert outcome == Outcome(False, f"{HERE}:{port} takes no connection", None)


@pytest.mark.parametrize(
    ("days", "expired", "reason"),
    [(1, False, "certificate"), (14, False, "certificate"), (1, True, "certificate has expired")],
)
def test_a_certificate_s_end(days: int, expired: bool, reason: str) -> None:
    trust = authority()
    with serving(hangs, tls=trust.server(HERE, expired=expired), reads=False) as peer:
        outcome = ask(Kind.TLS, {"host": HERE, "port": peer.port, "days": days}, out=way_out(trust=trust.trusted()))
    assert reason in outcome.reason + outcome.detail
    assert outcome.ok is not expired  # the certificate ends a day from the real now, AT lies before


def test_a_certificate_that_ends_soon_and_one_of_somebody_else() -> None:
    from apps.core import clock

    trust = authority()
    config = {"days": 14, "timeout_seconds": 2, "host": HERE}
    with serving(hangs, tls=trust.server(HERE), reads=False) as peer:
        check = read_check(Kind.TLS, {**config, "port": peer.port})
        soon = egress.run(probe(check, way_out(trust=trust.trusted()), at=clock.now()))
        stranger = egress.run(probe(check, way_out(trust=authority().trusted()), at=clock.now()))
    assert "sooner than in 14 days" in soon.reason
    assert (stranger.ok, "TLS with 127.0.0.1" in stranger.reason) == (False, True)


# PostgreSQL


@pytest.fixture
def postgres() -> Iterator[dict[str, Any]]:
    """The tests' own server. Where it listens on a socket alone, a relay puts it on loopback."""
    found = settings.DATABASES["default"]
    host, port = found["OPTIONS"].get("host") or found["HOST"], int(found["PORT"] or 5432)
    config = {"database": "postgres", "user": found["USER"]}
    if not host.startswith("/"):
        yield config | {"host": host, "port": port}
        return
    with relayed(f"{host}/.s.PGSQL.{port}") as port:
        yield config | {"host": HERE, "port": port}


@pytest.fixture
def password() -> str:
    return str(settings.DATABASES["default"]["PASSWORD"])


@contextmanager
def relayed(path: str) -> Iterator[int]:
    def relay(client: socket.socket, _: bytes) -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(path)
            back = threading.Thread(target=pump, args=(server, client), daemon=True)
            back.start()
            pump(client, server)
            back.join(2)

    with serving(relay, reads=False) as peer:
        yield peer.port


def pump(one: socket.socket, other: socket.socket) -> None:
    try:
        while data := one.recv(65_536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_a_database_that_answers(postgres: dict[str, Any], password: str) -> None:
    outcome = ask(Kind.POSTGRES, postgres, secret=password)
    assert outcome.ok, outcome
    assert outcome.latency_seconds is not None


@pytest.mark.django_db
def test_a_database_says_how_many_are_connected(postgres: dict[str, Any], password: str) -> None:
    measures = ask(Kind.POSTGRES, postgres, secret=password).measures
    with connection.cursor() as cursor:
        cursor.execute("SHOW max_connections")
        (most,) = cursor.fetchone()
    assert measures["database_connections_max"] == int(most)
    assert 1 <= measures["database_connections"] <= int(most)


def test_whatever_else_speaks_the_protocol_is_up_all_the_same(
    postgres: dict[str, Any], password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for asked in ("SELECT nothing FROM nowhere", "SELECT 'many', NULL", "SHOW nonsense", "SELECT 1 WHERE false"):
        monkeypatch.setattr(gateway, "CONNECTED", asked)
        outcome = ask(Kind.POSTGRES, postgres, secret=password)
        assert (outcome.ok, outcome.measures) == (True, {})


def test_a_database_says_in_its_own_words_what_is_wrong(postgres: dict[str, Any], password: str) -> None:
    outcome = ask(Kind.POSTGRES, postgres | {"database": "nowhere"}, secret=password)
    assert outcome.reason == 'PostgreSQL answers: database "nowhere" does not exist'
    refused = ask(Kind.POSTGRES, postgres, secret="hunter2")
    assert refused.reason == f'PostgreSQL answers: password authentication failed for user "{postgres["user"]}"'


def test_the_name_of_a_database_is_a_name_and_leads_nowhere_else(postgres: dict[str, Any], password: str) -> None:
    with serving(hangs, reads=False) as other:
        name = f"host={HERE} port={other.port} dbname=x"
        for database in (name, f"postgresql://{HERE}:{other.port}/x"):
            outcome = ask(Kind.POSTGRES, postgres | {"database": database[:63]}, secret=password)
            assert "does not exist" in outcome.reason
    assert other.connections == 0


@pytest.mark.parametrize(
    ("answer", "reason"), [(hangs, "no answer within 1 s"), (says(b"HTTP/1.1 400\r\n\r\n"), "speak")]
)
def test_what_is_no_database(answer: Callable[..., None], reason: str) -> None:
    config = {"host": HERE, "database": "x", "user": "y", "timeout_seconds": 1}
    with serving(answer, reads=False) as peer:
        assert reason in ask(Kind.POSTGRES, config | {"port": peer.port}).reason
    assert "takes no connection" in ask(Kind.POSTGRES, config | {"port": closed_port()}).reason


def test_the_driver_is_kept_from_where_the_guard_does_not_go(postgres: dict[str, Any]) -> None:
    outcome = ask(Kind.POSTGRES, postgres, out=way_out(allow=()))
    assert (outcome.ok, "loopback" in outcome.reason) == (False, True)


# Redis


def test_a_valkey_that_answers() -> None:
    with relayed(settings.REDIS_URL.removeprefix("unix://").partition("?")[0]) as port:
        redis = {"host": HERE, "port": port}
        assert ask(Kind.REDIS, redis).ok
        assert ask(Kind.REDIS, redis | {"database": 1}).ok
        outcome = ask(Kind.REDIS, redis | {"database": 999})
        assert (outcome.ok, outcome.reason) == (False, "Redis answers: ERR DB index is out of range")
        refused = ask(Kind.REDIS, redis, secret="hunter2")
    assert "AUTH" in refused.reason
    assert "hunter2" not in refused.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (says(b"+PONG\r\n"), ""),
        (says(b"-NOAUTH Authentication required.\r\n"), "Redis answers: NOAUTH Authentication required."),
        (says(b"-LOADING Redis is loading\r\n"), "Redis answers: LOADING"),
        (says(b"+QUEUED\r\n"), "not answered with PONG"),
        (says(b"x" * 5_000), "no Redis protocol"),
        (says(), "breaks off"),
        (hangs, "no answer within 1 s"),
    ],
)
def test_what_a_redis_may_answer(answer: Callable[..., None], reason: str) -> None:
    def after_asking(client: socket.socket, heard: bytes) -> None:
        client.recv(1_000)
        answer(client, heard)

    with serving(after_asking, reads=False) as peer:
        outcome = ask(Kind.REDIS, {"host": HERE, "port": peer.port, "timeout_seconds": 1})
    assert (outcome.ok, reason in outcome.reason) == (not reason, True), outcome


# Transactions


@pytest.mark.django_db(transaction=True)
def test_a_loop_that_is_run_more_than_once_is_never_run_inside_a_transaction() -> None:
    async def nothing() -> int:
        return 1

    with egress.runner() as run_on:
        assert run_on(nothing()) == 1
        with transaction.atomic(), pytest.raises(InsideTransaction):
            run_on(nothing())
        assert run_on(nothing()) == 1
    assert connection.is_usable()
