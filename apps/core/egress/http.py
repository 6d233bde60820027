"""One HTTP/1.1 exchange over a connection that is open. No addresses, no redirects, no retries.

h11 frames and checks both directions; nothing is decompressed, so a small body cannot grow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

import h11

from apps.core.domain.egress import Destination, follow
from apps.core.egress.errors import BadReply

CHUNK = 65_536  # bytes
HEAD_LIMIT = 65_536  # bytes
OURS = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "expect", "upgrade"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Connection(Protocol):
    """What an exchange needs of a stream."""

    async def read(self, limit: int) -> bytes: ...
    async def write(self, data: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    destination: Destination
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def redirected(self, location: str) -> Self:
        """The next hop. Another origin is not told what was meant for this one."""
        there = follow(self.destination, location)
        kept = self.headers if there.origin == self.destination.origin else {}
        return replace(self, destination=there, headers=kept)

    def head(self) -> h11.Request:
        """Refuses headers that would change where the request goes or where it ends."""
        for name in self.headers:
            if name.lower() in OURS:
                raise ValueError(f"{name} is set by the client itself")
        own = {"Host": self.destination.authority, "User-Agent": "PulseOps", "Accept": "*/*"}
        given = {name.lower() for name in self.headers}
        fields = [(name, value) for name, value in own.items() if name.lower() not in given]
        fields += [*self.headers.items(), ("Accept-Encoding", "identity"), ("Connection", "close")]
        if self.body or self.method not in {"GET", "HEAD"}:
            fields.append(("Content-Length", str(len(self.body))))
        try:
            return h11.Request(method=self.method, target=self.destination.target, headers=fields)
        except (h11.LocalProtocolError, UnicodeError):  # whose texts quote the header
            raise ValueError("a header or the method cannot be sent as it is") from None


@dataclass(slots=True)
class Reply:
    """What has come back, filled in while it arrives."""

    status: int = 0  # 0: no head has come yet
    headers: dict[str, str] = field(default_factory=dict, repr=False)  # lower-case names; of equal names the first
    body: bytes = field(default=b"", repr=False)
    truncated: bool = False  # the body went on beyond the limit, or broke off
    seconds: float = 0.0  # from the question to here: name, connection, redirects and body

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def location(self) -> str:
        return self.headers.get("location", "") if self.status in REDIRECTS else ""


async def exchange(connection: Connection, head: h11.Request, body: bytes, reply: Reply, *, body_limit: int) -> None:
    """Send a request and fill in the reply as it arrives."""
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
    parts = [head, h11.Data(body), h11.EndOfMessage()] if body else [head, h11.EndOfMessage()]
    try:
        await connection.write(b"".join(http.send(part) or b"" for part in parts))
        while not reply.truncated and _take(await _next_event(http, connection), reply, body_limit):
            pass
    except h11.RemoteProtocolError:  # whose text quotes the answer
        raise BadReply("the answer is no HTTP, or breaks off") from None
    except OSError as error:
        raise BadReply("the connection broke") from error


async def _next_event(http: h11.Connection, connection: Connection) -> h11.Event:
    while (event := http.next_event()) is h11.NEED_DATA:
        http.receive_data(await connection.read(CHUNK))
    if isinstance(event, h11.Event) and not isinstance(event, h11.ConnectionClosed):
        return event
    raise BadReply("the connection was closed without an answer")


def _take(event: h11.Event, reply: Reply, body_limit: int) -> bool:
    """Put the event into the reply. False after the last one."""
    if isinstance(event, h11.Response):
        reply.status = event.status_code
        for name, value in event.headers:
            reply.headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    elif isinstance(event, h11.Data):
        body = reply.body + bytes(event.data)
        reply.body, reply.truncated = body[:body_limit], len(body) > body_limit
    return not isinstance(event, h11.EndOfMessage)
