"""Continuous requests over kept connections, each remembered: when it was sent, what answered, or that nothing did.

A request whose connection ends before a byte of the answer is sent again on a new one, as clients may do with GET
(RFC 9110, 9.2.2); such requests are counted, for a client that does not do that loses them.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self, cast

AGAIN_AT_MOST = 10_000  # of a whole load: a proxy that ends every connection is no proxy


@dataclass(slots=True)
class Answers:
    sent_at: list[float] = field(default_factory=list)  # on the monotonic clock
    colours: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    sent_again: int = 0
    connected: int = 0  # times

    def since(self, at: float) -> Counter[str]:
        """The colours of what was sent from then on."""
        pairs = zip(self.sent_at, self.colours, strict=True)
        return Counter(colour for sent, colour in pairs if sent >= at)

    def last_sent(self, colour: str, *, until: float = float("inf")) -> float:
        pairs = zip(self.sent_at, self.colours, strict=True)
        return max((sent for sent, each in pairs if each == colour and sent < until), default=float("-inf"))


class Client(asyncio.Protocol):
    """One connection at a time, one request at a time."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.is_asking = False
        self.buffer = b""
        self.sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.load.answers.connected += 1
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self.ask()

    def ask(self) -> None:
        if not self.load.takes_another():
            self.transport.close()
            return
        self.is_asking, self.buffer, self.sent = True, b"", time.monotonic()
        self.transport.write(self.load.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        length = next((line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b"0")
        if not found or len(body) < int(length):
            return
        self.is_asking = False
        self.load.note(self.sent, head, body)
        if b"connection: close" in head.lower():
            self.transport.close()
        elif self.load.pause_seconds:
            asyncio.get_running_loop().call_later(self.load.pause_seconds, self.ask_again)
        else:
            self.ask()

    def ask_again(self) -> None:
        if not self.transport.is_closing():
            self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        if self.is_asking and not self.buffer and self.load.answers.sent_again < AGAIN_AT_MOST:
            self.load.answers.sent_again += 1
            self.load.given -= 1
        elif self.is_asking:
            self.load.answers.failed.append(f"the connection was closed, {error}, after {self.buffer!r}")
        self.load.over(self)


@dataclass(slots=True)
class Load:
    port: int
    connections: int = 16
    path: str = "/"
    requests: int | None = None  # until stopped unless told
    pause_seconds: float = 0.0  # between an answer and the next request of a connection
    answers: Answers = field(default_factory=Answers)
    request: bytes = b""
    given: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)
    _waiting: dict[Client, asyncio.Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.request = f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode()

    def run(self) -> Self:
        """In this thread, until the requests are used up or `stop`."""
        asyncio.run(self._all())
        return self

    @contextmanager
    def running(self) -> Iterator[Answers]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield self.answers
        finally:
            self._stopped.set()
            thread.join()

    async def _all(self) -> None:
        await asyncio.gather(*(self._one() for _ in range(self.connections)))

    async def _one(self) -> None:
        loop = asyncio.get_running_loop()
        while self.has_more():
            client = Client(self)
            self._waiting[client] = asyncio.Event()
            try:
                await loop.create_connection(lambda client=client: client, "127.0.0.1", self.port)  # type: ignore[misc]
            except OSError as error:
                self.answers.failed.append(f"no connection: {error}")
                return
            await self._waiting[client].wait()
            del self._waiting[client]

    def over(self, client: Client) -> None:
        self._waiting[client].set()

    def has_more(self) -> bool:
        return not self._stopped.is_set() and (self.requests is None or self.given < self.requests)

    def takes_another(self) -> bool:
        more = self.has_more()
        self.given += more
        return more

    def note(self, sent: float, head: bytes, body: bytes) -> None:
        if not head.startswith(b"HTTP/1.1 200"):
            self.answers.failed.append(head.split(b"\r\n", 1)[0].decode())
            return
        self.answers.sent_at.append(sent)
        self.answers.colours.append(body.decode())
