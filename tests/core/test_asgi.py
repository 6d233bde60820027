"""The short ASGI path's own tools: bodies that come in pieces, addresses behind proxies, request ids."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from apps.core import asgi
from apps.core.asgi import BodyTooLarge, ClientGone, Cors, Message, client_address, read_body, request_id


def body(*messages: Message, limit: int = 10) -> bytes:
    """What is read when these messages arrive; then nothing more does."""
    coming: Iterator[Message] = iter(messages)

    async def receive() -> Message:
        for message in coming:
            return message
        await asyncio.Event().wait()
        raise AssertionError

    return asyncio.run(read_body(receive, limit))


def part(data: bytes, more: bool = False) -> Message:
    return {"type": "http.request", "body": data, "more_body": more}


GONE: Message = {"type": "http.disconnect"}


def test_a_body_in_one_piece_or_in_many_is_the_same_body() -> None:
    assert body(part(b"abc")) == b"abc"
    assert body(part(b"a", True), part(b"", True), part(b"b", True), part(b"c")) == b"abc"
    assert body({"type": "http.request"}) == b""


def test_a_body_is_refused_as_soon_as_it_is_over_the_limit() -> None:
    assert body(part(b"x" * 10)) == b"x" * 10
    for pieces in ([part(b"x" * 11)], [part(b"x" * 6, True), part(b"x" * 5, True)]):
        with pytest.raises(BodyTooLarge):
            body(*pieces)


@pytest.mark.parametrize("messages", [[GONE], [part(b"a", True), GONE]])
def test_a_client_that_leaves_has_no_body(messages: list[Message]) -> None:
    with pytest.raises(ClientGone):
        body(*messages)


def test_a_body_that_stops_coming_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.01)
    with pytest.raises(TimeoutError):
        body(part(b"a", True))


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, [b"203.0.113.1"], "192.0.2.1"),
        (1, [], "192.0.2.1"),
        (1, [b"203.0.113.1"], "203.0.113.1"),
        (1, [b"203.0.113.66, 203.0.113.1"], "203.0.113.1"),
        (2, [b"203.0.113.66, 203.0.113.1,10.0.0.1"], "203.0.113.1"),
        (2, [b"203.0.113.1", b"10.0.0.1"], "203.0.113.1"),
        (2, [b"203.0.113.1"], "192.0.2.1"),
    ],
)
def test_the_address_is_what_our_own_proxies_saw(hops: int, forwarded: list[bytes], expected: str) -> None:
    headers = [(b"x-forwarded-for", value) for value in forwarded]
    assert client_address({"client": ("192.0.2.1", 1), "headers": headers}, hops) == expected


def test_a_socket_without_an_address_is_one_client() -> None:
    assert client_address({"client": None, "headers": []}, 0) == ""


def test_a_plain_request_id_is_kept() -> None:
    assert request_id(b"abc-1_2") == b"abc-1_2"
    others: list[Any] = [None, b"", b"a b", b"x" * 65, b"\xe4", b"--"]
    ours = {request_id(one) for one in others}
    assert len(ours) == len(others)
    assert not ours & set(others)


def test_an_allowed_origin_may_be_written_with_a_slash() -> None:
    cors = Cors(["https://shop.example.com/"], allow_headers="X", expose_headers="Y")
    assert (b"access-control-allow-origin", b"https://shop.example.com") in cors.headers(b"https://shop.example.com")
