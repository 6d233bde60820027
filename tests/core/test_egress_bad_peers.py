"""Servers that hang, never end, break off, talk nonsense or cannot prove who they are."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from apps.core import egress
from apps.core.domain.egress import Address, Policy, read_allowed
from apps.core.egress import Egress, Limits, Reply
from tests.core.egress_peers import Authority, Peer, authority, endless, reply, says, serving

HEAD = b"HTTP/1.1 200 OK\r\n"
SHORT = Limits(deadline_seconds=0.3)


@pytest.fixture
def stopped() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture(scope="module")
def ours() -> Authority:
    return authority()


def to(peer: Peer, trust: Authority | None = None) -> Egress:
    async def loopback(host: str, port: int) -> list[Address]:
        return [ip_address("127.0.0.1")]

    policy = Policy(allow=(read_allowed(f"127.0.0.1:{peer.port}"),))
    return Egress(policy, loopback, trust.trusted()) if trust else Egress(policy, loopback)


def get(sender: Egress, url: str, limits: Limits) -> Reply:
    return egress.run(sender.request("GET", url, limits=limits))


# --- Time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 ", HEAD, HEAD + b"X: y\r\n"])
@pytest.mark.parametrize("pause", [0.05, 5.0], ids=["dripping", "silent"])
def test_a_head_that_does_not_come_ends_at_the_deadline(start: bytes, pause: float, stopped: threading.Event) -> None:
    with serving(endless(start, b"1", stopped, pause)) as peer:
        started = time.monotonic()
        with pytest.raises(egress.DeadlinePassed) as caught:
            to(peer).post(peer.url, body=b"", limits=SHORT)
        assert time.monotonic() - started < 2.0
        assert caught.value.status is None
        stopped.set()


def test_a_body_that_drips_fails_a_check_but_not_a_delivery(stopped: threading.Event) -> None:
    with serving(endless(HEAD + b"\r\n", b"x", stopped, 0.05)) as peer:
        with pytest.raises(egress.DeadlinePassed) as caught:
            get(to(peer), peer.url, SHORT)
        answer = to(peer).post(peer.url, body=b"", limits=SHORT)
        stopped.set()
    assert caught.value.status == 200
    assert (answer.status, answer.truncated) == (200, True)


def test_tls_that_does_not_come_ends_at_the_deadline(stopped: threading.Event) -> None:
    with serving(endless(b"", b"", stopped, 5.0)) as peer:
        with pytest.raises(egress.DeadlinePassed):
            to(peer).post(f"https://hooks.example:{peer.port}/", body=b"", limits=SHORT)
        stopped.set()


def test_the_deadline_is_for_all_hops_together() -> None:
    def slow(connection: socket.socket, heard: bytes) -> None:
        time.sleep(0.15)
        reply("302 Found", b"", Location="/again")(connection, heard)

    with serving(slow) as peer, pytest.raises(egress.DeadlinePassed):
        get(to(peer), peer.url, Limits(deadline_seconds=0.4, redirects=20))
    assert peer.connections <= 4


def test_a_receiver_that_does_not_read_ends_at_the_deadline(stopped: threading.Event) -> None:
    with serving(endless(b"", b"", stopped, 5.0), reads=False) as peer:
        with pytest.raises(egress.DeadlinePassed):
            to(peer).post(peer.url, body=b"x" * 50_000_000, limits=SHORT)
        stopped.set()


# --- Size ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", [HEAD + b"\r\n", HEAD + b"Content-Length: 999999999999\r\n\r\n"])
def test_an_endless_body_is_cut(head: bytes, stopped: threading.Event) -> None:
    with serving(endless(head, b"x" * 10_000, stopped)) as peer:
        answer = get(to(peer), peer.url, Limits(body_limit=25_000))
        assert (answer.status, answer.body, answer.truncated) == (200, b"x" * 25_000, True)
        stopped.set()


def test_a_body_that_just_fits_is_whole() -> None:
    with serving(reply(body=b"x" * 100)) as peer:
        whole, cut = (get(to(peer), peer.url, Limits(body_limit=limit)) for limit in (100, 99))
    assert (whole.body, whole.truncated) == (b"x" * 100, False)
    assert (cut.body, cut.truncated) == (b"x" * 99, True)


def test_an_endless_head_is_refused(stopped: threading.Event) -> None:
    with serving(endless(HEAD, b"X: " + b"y" * 1_000 + b"\r\n", stopped)) as peer:
        started = time.monotonic()
        with pytest.raises(egress.BadReply):
            get(to(peer), peer.url, Limits())
        assert time.monotonic() - started < 2.0
        stopped.set()


def test_nothing_is_unpacked() -> None:
    packed = b"\x1f\x8b" + b"\0" * 20
    with serving(reply(body=packed, Content_Encoding="gzip")) as peer:
        assert get(to(peer), peer.url, Limits()).body == packed


# --- Nonsense ------------------------------------------------------------------------------------

HALVES = [
    HEAD + b"Content-Length: 100\r\n\r\nhalf",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n64\r\nhalf",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
]


@pytest.mark.parametrize("half", HALVES)
def test_half_an_answer_fails_a_check_but_not_a_delivery(half: bytes) -> None:
    with serving(says(half)) as peer:
        with pytest.raises(egress.BadReply) as caught:
            get(to(peer), peer.url, Limits())
        answer = to(peer).post(peer.url, body=b"")
    assert caught.value.status == 200
    assert (answer.status, answer.truncated) == (200, True)


NONSENSE = [
    *(b"", b"\0" * 50, b"SSH-2.0-OpenSSH_9\r\n", HEAD, b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
    *(b"HTTP/1.1 2000 OK\r\n\r\n", HEAD + b"no header\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\n\r\nx"),
    *(b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx"),
]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_no_answer(nonsense: bytes) -> None:
    with serving(says(nonsense)) as peer:
        with pytest.raises(egress.BadReply) as asked:
            get(to(peer), peer.url, Limits())
        with pytest.raises(egress.BadReply) as posted:
            to(peer).post(peer.url, body=b"")
    assert (asked.value.status, posted.value.status) == (None, None)


@pytest.mark.parametrize(("sent", "status"), [(b"", None), (HEAD + b"Content-Length: 9\r\n\r\nx", 200)])
def test_a_connection_that_is_torn_down_is_no_answer(sent: bytes, status: int | None) -> None:
    def tear_down(connection: socket.socket, _: bytes) -> None:
        connection.sendall(sent)
        time.sleep(0.05)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with serving(tear_down) as peer, pytest.raises(egress.BadReply) as caught:
        get(to(peer), peer.url, Limits())
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_unusual_but_right_answers_are_read(sent: bytes, body: bytes) -> None:
    with serving(says(sent)) as peer:
        found = get(to(peer), peer.url, Limits())
    assert (found.ok, found.body, found.truncated) == (True, body, False)


# --- TLS -----------------------------------------------------------------------------------------


def test_tls_is_verified_for_the_name_that_was_asked_for(ours: Authority) -> None:
    with serving(reply(), tls=ours.server("hooks.example")) as peer:
        assert to(peer, ours).post(f"https://hooks.example:{peer.port}/", body=b"x").ok
    assert peer.names == ["hooks.example"]
    assert f"Host: hooks.example:{peer.port}\r\n".encode() in peer.heard[0]


def test_tls_is_verified_for_an_address(ours: Authority) -> None:
    with serving(reply(), tls=ours.server("127.0.0.1")) as peer:
        assert to(peer, ours).post(f"https://127.0.0.1:{peer.port}/", body=b"x").ok


@pytest.mark.parametrize(
    ("names", "expired", "known", "words"),
    [
        (("other.example",), False, True, "mismatch"),
        (("127.0.0.1",), False, True, "mismatch"),
        (("hooks.example",), True, True, "expired"),
        (("hooks.example",), False, False, "unable to get local issuer"),
    ],
)
def test_who_cannot_prove_the_name_gets_nothing(
    names: tuple[str, ...], expired: bool, known: bool, words: str, ours: Authority
) -> None:
    server = ours.server(*names, expired=expired)
    with serving(reply(), tls=server) as peer, pytest.raises(egress.TlsFailed, match=words):
        to(peer, ours if known else None).post(f"https://hooks.example:{peer.port}/", body=b"secret")
    assert peer.heard == []


def test_a_server_without_tls_gets_nothing_over_https() -> None:
    plain = says(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with serving(plain, reads=False) as peer, pytest.raises(egress.TlsFailed, match=f"hooks.example:{peer.port}"):
        to(peer).post(f"https://hooks.example:{peer.port}/", body=b"secret")


# --- Connections for checks ----------------------------------------------------------------------


async def talk(
    sender: Egress, host: str, port: int, *, tls: bool = False, seconds: float = 5.0
) -> tuple[bytes, dict[str, object]]:
    async with sender.connect(host, port, tls=tls, deadline_seconds=seconds) as stream:
        await stream.write(b"PING\r\n\r\n")
        return await stream.read(100), stream.certificate


def test_a_tcp_connection_is_guarded_and_open() -> None:
    with serving(says(b"+PONG")) as peer:
        assert egress.run(talk(to(peer), "cache.example", peer.port)) == (b"+PONG", {})
        with pytest.raises(egress.Forbidden):
            egress.run(talk(Egress(Policy(ports=None)), "127.0.0.1", peer.port))
        with pytest.raises(egress.Forbidden):
            egress.run(talk(to(peer), "127.1", peer.port))
    assert peer.connections == 1


def test_a_tls_stream_shows_the_certificate(ours: Authority) -> None:
    with serving(says(b"hello"), tls=ours.server("mail.example")) as peer:
        heard, certificate = egress.run(talk(to(peer, ours), "Mail.Example.", peer.port, tls=True))
    assert heard == b"hello"
    assert certificate["subjectAltName"] == (("DNS", "mail.example"),)
    assert "notAfter" in certificate


def test_the_deadline_counts_for_what_is_done_with_a_connection(stopped: threading.Event) -> None:
    with serving(endless(b"", b"", stopped, 5.0)) as peer:
        with pytest.raises(egress.DeadlinePassed):
            egress.run(talk(to(peer), "cache.example", peer.port, seconds=0.3))
        stopped.set()


def test_a_closed_port_is_unreachable() -> None:
    with serving(says()) as peer:
        pass
    with pytest.raises(egress.Unreachable):
        egress.run(talk(to(peer), "cache.example", peer.port))
