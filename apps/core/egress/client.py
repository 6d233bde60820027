"""The only way out: every connection is judged, and made to the very address that was judged.

Retries, schedules and what an answer means belong to whoever asks.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from apps.core.domain.egress import Address, Destination, Policy, Refused, literal, read_host, read_url
from apps.core.egress import errors
from apps.core.egress.http import Reply, Request, exchange
from apps.core.egress.resolving import Resolve, from_system
from apps.core.egress.running import refuse_unless_started_here, run

logger = logging.getLogger(__name__)
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Stream:
    """An open connection. `address` is where it really leads."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    address: Address

    async def read(self, limit: int) -> bytes:
        return await self.reader.read(limit)

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    @property
    def certificate(self) -> dict[str, object]:
        """The other side's certificate as `ssl` reads it, empty without TLS. It has been verified."""
        return self.writer.get_extra_info("peercert") or {}


@cache
def system_trust() -> ssl.SSLContext:
    """The system's certificate authorities; SSL_CERT_FILE names others."""
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Limits:
    deadline_seconds: float = 10.0  # for all of it: name, connection, TLS, redirects, body
    body_limit: int = 65_536  # bytes
    redirects: int = 0


USUAL = Limits()


@dataclass(frozen=True, slots=True)
class Egress:
    """A client under one policy. It keeps nothing between calls and looks at no proxy variable."""

    policy: Policy
    resolve: Resolve = from_system
    trust: ssl.SSLContext = field(default_factory=system_trust)

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str] = NO_HEADERS, limits: Limits = USUAL) -> Reply:
        """Deliver once, from code without an event loop; a redirect is the answer and is not followed.

        The status is the receiver's word: trouble while its body is read cuts the body and is no failure, because
        what was taken would be sent again."""
        heard: list[Reply] = []
        try:
            run(self._ask(Request("POST", _read(url), headers, body), limits, heard))
        except (errors.BadReply, errors.DeadlinePassed):
            if not heard or not heard[-1].status:
                raise
            heard[-1].truncated = True
        return heard[-1]

    def vet(self, url: str, *, limits: Limits = USUAL) -> None:
        """Raise what a delivery would raise before it connects: for forms, so that saving and sending agree."""

        async def judged() -> None:
            destination = _read(url)
            async with _within(limits.deadline_seconds):
                await self.addresses(destination.host, destination.port)

        run(judged())

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes = b"",
        limits: Limits = USUAL,
    ) -> Reply:
        """Ask once. GET and HEAD follow redirects when the limits say so; each hop is judged like the first.

        A body beyond the limit is cut and says so; one that breaks off is an error that carries the status."""
        heard: list[Reply] = []
        try:
            await self._ask(Request(method, _read(url), headers, body), limits, heard)
        except errors.EgressError as error:
            error.status = heard[-1].status or None if heard else None
            raise
        return heard[-1]

    @asynccontextmanager
    async def connect(
        self, host: str, port: int, *, tls: bool = False, deadline_seconds: float = USUAL.deadline_seconds
    ) -> AsyncIterator[Stream]:
        """A TCP connection or TLS stream. The deadline counts for everything that is done with it."""
        async with _within(deadline_seconds) as until, self._opened(host, port, tls=tls, until=until) as stream:
            yield stream

    async def addresses(self, host: str, port: int) -> tuple[Address, ...]:
        """The host's addresses, judged: for a driver that opens its own connection and can be told which to take."""
        refuse_unless_started_here()
        with _named():
            host = read_host(host)
            known = literal(host)
            found = (known,) if known else tuple(await self.resolve(host, port))
            self.policy.check(host, port, found)
        return found

    async def _ask(self, request: Request, limits: Limits, heard: list[Reply]) -> None:
        if limits.redirects and request.method not in {"GET", "HEAD"}:
            raise ValueError(f"a redirect of {request.method} is not followed")
        started = time.monotonic()
        async with _within(limits.deadline_seconds) as until:
            for _ in range(limits.redirects + 1):
                heard.append(Reply())
                try:
                    await self._exchange(request, heard[-1], limits.body_limit, until)
                finally:
                    heard[-1].seconds = time.monotonic() - started
                if not limits.redirects or not heard[-1].location:
                    return
                with _named():
                    request = request.redirected(heard[-1].location)
            raise errors.TooManyRedirects(f"more than {limits.redirects} redirects")

    async def _exchange(self, request: Request, reply: Reply, body_limit: int, until: float) -> None:
        to, head = request.destination, request.head()
        async with self._opened(to.host, to.port, tls=to.scheme == "https", until=until) as stream:
            await exchange(stream, head, request.body, reply, body_limit=body_limit)

    @asynccontextmanager
    async def _opened(self, host: str, port: int, *, tls: bool, until: float) -> AsyncIterator[Stream]:
        addresses = await self.addresses(host, port)
        stream = await self._open(read_host(host), port, addresses, tls=tls, until=until)
        try:
            yield stream
        finally:
            stream.writer.transport.abort()  # no wait for a goodbye: the other side may never say it

    async def _open(self, host: str, port: int, addresses: tuple[Address, ...], *, tls: bool, until: float) -> Stream:
        """The first of the addresses that answers. Each gets its share of the time, so that a dead one is passed by."""
        failure: OSError | None = None
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            now = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout((until - now) / left if left > 1 else None):
                    reader, writer = await asyncio.open_connection(
                        str(address), port, ssl=self.trust if tls else None, server_hostname=host if tls else None
                    )
                return Stream(reader, writer, address)
            except ssl.SSLError as error:
                reason = getattr(error, "verify_message", "") or error.reason or "no TLS"
                raise errors.TlsFailed(f"TLS with {host}:{port} failed: {reason}") from error
            except OSError as error:
                failure = error
        raise errors.Unreachable(f"{host}:{port} takes no connection") from failure


def _read(url: str) -> Destination:
    with _named():
        return read_url(url)


@contextmanager
def _named() -> Iterator[None]:
    """A refusal of the domain is told apart from faults of ours, and leaves a line without the URL."""
    try:
        yield
    except Refused as refusal:
        logger.warning("egress refused: %s", refusal)
        raise errors.Forbidden(str(refusal)) from None


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[float]:
    """Everything inside, whatever it waits for; yields the end on the loop's clock."""
    until = asyncio.get_running_loop().time() + seconds
    try:
        async with asyncio.timeout_at(until) as limit:
            yield until
    except TimeoutError:
        if limit.expired():
            raise errors.DeadlinePassed(f"no answer within {seconds:g} s") from None
        raise
