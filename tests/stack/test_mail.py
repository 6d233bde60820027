"""The mail server of `make run`, asked by Python's own SMTP client and by rude ones."""

import asyncio
import smtplib
import socket
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pulseops.stack import mail

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LETTER = b"Subject: dots\r\n\r\n.\r\n..two\r\nno dot\r\n"


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    loop, found = asyncio.new_event_loop(), []

    async def start() -> None:
        found.append(await mail.serve(tmp_path, 0))

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    assert found[0].sockets[0].getsockname()[0] == "127.0.0.1"
    yield int(found[0].sockets[0].getsockname()[1])
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    found[0].close()
    loop.close()


def kept(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(directory.iterdir())]


def test_a_mail_is_kept_as_it_came_for_nobody_else_to_read(tmp_path: Path, port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        assert client.ehlo()[0] == 250
        assert client.has_extn("8bitmime")
        for _ in range(2):
            assert client.sendmail("pulseops@example.com", ["a@example.com", "b@example.com"], LETTER) == {}
    assert kept(tmp_path) == [LETTER, LETTER]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())
    assert all(path.suffix == ".eml" for path in tmp_path.iterdir())


def test_only_the_last_ones_are_kept(tmp_path: Path) -> None:
    for n in range(203):
        mail.keep(tmp_path, str(n).encode(), AT + timedelta(seconds=n))
    assert kept(tmp_path) == [str(n).encode() for n in range(3, 203)]


def test_what_comes_in_the_wrong_order_is_refused_and_the_rest_taken(tmp_path: Path, port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        client.ehlo()
        assert client.docmd("DATA")[0] == 503
        assert client.docmd("RCPT TO:<a@example.com>")[0] == 503
        assert client.docmd("XYZZY")[0] == 500
        client.docmd("MAIL FROM:<a@example.com>")
        assert [client.docmd("RCPT TO:<a@example.com>")[0] for _ in range(101)] == [250] * 100 + [452]
        assert client.docmd("RSET")[0] == 250
        assert client.docmd("DATA")[0] == 503
        client.sendmail("a@example.com", ["b@example.com"], LETTER)
    assert kept(tmp_path) == [LETTER]


def test_what_is_too_large_is_refused_and_not_kept(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "SIZE", 1_000)
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("a@example.com", ["b@example.com"], b"x\r\n" * 400)
        assert refused.value.smtp_code == 552
        client.sendmail("a@example.com", ["b@example.com"], LETTER)
    assert kept(tmp_path) == [LETTER]


@pytest.mark.parametrize(
    "said", [b"MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\nhalf a ma", b"x" * 200_000, b"\x00\xff\r\n", b""]
)
def test_whoever_breaks_off_leaves_nothing_and_disturbs_nobody(tmp_path: Path, port: int, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(said)
        client.shutdown(socket.SHUT_WR)
        while client.recv(4096):
            pass
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as other:
        other.sendmail("a@example.com", ["b@example.com"], LETTER)
    assert kept(tmp_path) == [LETTER]
