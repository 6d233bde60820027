"""Senders that misbehave on the wire itself, against a serving portal: a clear answer or none, and nothing lost,
nothing poisoned for whoever comes next."""

import gzip
import json
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from apps.core import asgi
from apps.core.models import ApiKey, Environment
from apps.monitoring.models import MetricSeries, TrackedEvent
from tests.factories import make_key, make_project
from tests.live_server import LivePortal

Exchange = Callable[..., bytes]
Well = Callable[..., None]
GOOD = json.dumps([{"name": "sent", "targeting_key": "u-1"}]).encode()


@pytest.fixture
def environment(live_portal: LivePortal) -> Environment:
    return make_project().environments.get(key="production")


@pytest.fixture
def exchange(live_portal: LivePortal, environment: Environment) -> Exchange:
    """Sends the pieces as they are, after a head with these fields; everything that comes back."""
    token = make_key(environment=environment, kind=ApiKey.Kind.INGEST).token
    address = urlsplit(live_portal.url)

    def talk(*pieces: bytes, path: str = "/api/v1/events", closes: bool = False, **fields: str) -> bytes:
        live_portal.catch_up()
        lines = [f"POST {path} HTTP/1.1", f"Host: {address.netloc}", f"Authorization: Bearer {token}"]
        lines += ["Content-Type: application/json", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as wire:
            wire.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            for piece in pieces:
                wire.sendall(piece)
            if closes:
                return b""
            return b"".join(iter(lambda: _more(wire), b""))

    return talk


def _more(wire: socket.socket) -> bytes:
    try:
        return wire.recv(65_536)
    except ConnectionResetError:
        return b""  # it said what it had to say, and did not wait for the rest


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.fixture
def well(exchange: Exchange, environment: Environment) -> Well:
    """The next one is served as ever, and is all that is stored."""

    def serves(stored: int) -> None:
        assert status(exchange(GOOD, Content_Length=str(len(GOOD)))) == 200
        assert TrackedEvent.objects.filter(environment=environment).count() == stored + 1
        assert not MetricSeries.objects.filter(environment=environment).exists()

    return serves


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/metrics"])
def test_half_a_body_whose_sender_leaves_stores_nothing(exchange: Exchange, well: Well, path: str) -> None:
    exchange(GOOD[:20], path=path, closes=True, Content_Length=str(len(GOOD)))
    exchange(b"%x\r\n" % len(GOOD), GOOD, b"\r\n", path=path, closes=True, Transfer_Encoding="chunked")
    well(stored=0)


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/metrics"])
def test_half_a_body_that_stops_coming_is_told_so(
    exchange: Exchange, well: Well, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.3)
    answer = exchange(GOOD[:20], path=path, Content_Length=str(len(GOOD)))
    assert status(answer) == 408
    assert b"application/problem+json" in answer
    monkeypatch.undo()
    well(stored=0)


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/metrics"])
def test_a_zip_bomb_in_pieces_is_refused(exchange: Exchange, well: Well, path: str) -> None:
    """200 MB of spaces in 200 kB."""
    bomb = gzip.compress(b" " * 200_000_000, compresslevel=9)
    assert len(bomb) < 250_000
    pieces = [bomb[start : start + 10_000] for start in range(0, len(bomb), 10_000)]
    chunks = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces]
    answer = exchange(*chunks, b"0\r\n\r\n", path=path, Transfer_Encoding="chunked", Content_Encoding="gzip")
    assert status(answer) == 413
    well(stored=0)


def test_a_length_that_is_too_large_is_refused_before_the_body_comes(exchange: Exchange, well: Well) -> None:
    assert status(exchange(Content_Length="999999999999")) == 413
    well(stored=0)


@pytest.mark.parametrize(
    ("pieces", "fields"),
    [
        ([b"zz\r\nno chunk\r\n"], {"Transfer_Encoding": "chunked"}),
        ([GOOD], {"Content_Length": "-5"}),
        ([GOOD], {"Content_Length": "many"}),
        ([GOOD], {"Content_Length": f"{len(GOOD)}", "X_Bad\0": "1"}),
    ],
    ids=["chunk", "negative", "words", "zero byte"],
)
def test_what_is_no_http_is_a_bad_request(
    exchange: Exchange, well: Well, pieces: list[bytes], fields: dict[str, str]
) -> None:
    assert status(exchange(*pieces, **fields)) == 400
    well(stored=0)


def test_a_sender_that_leaves_before_the_answer_has_sent_its_events(exchange: Exchange, well: Well) -> None:
    """Nobody was told that they are stored; sent again they count once, since they bear ids."""
    body = json.dumps([{"name": "sent", "targeting_key": "u-1", "event_id": "e-1", "timestamp": _now()}]).encode()
    exchange(body, closes=True, Content_Length=str(len(body)))
    assert status(exchange(body, Content_Length=str(len(body)))) == 200
    well(stored=1)


def _now() -> str:
    from apps.core import clock

    return clock.now().isoformat()
