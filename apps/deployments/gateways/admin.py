"""Reaching a proxy's administrative socket, through the egress guard where it is an address. Knows no proxy's words.

Nothing is said from inside a database transaction, over a unix socket neither: it would hold our locks.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol, TypeVar

from apps.core import egress
from apps.deployments.domain.traffic import Admin
from apps.deployments.gateways.traffic import Refused, TrafficError, UnexpectedAnswer, Unreachable

Said = TypeVar("Said")


class Connection(Protocol):
    async def read(self, limit: int) -> bytes: ...
    async def write(self, data: bytes) -> None: ...


class _Socket:
    """A unix socket with the two verbs of an egress stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self, limit: int) -> bytes:
        return await self._reader.read(limit)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()


def talk(admin: Admin, talking: Callable[[Connection], Awaitable[Said]], *, seconds: float) -> Said:
    """One connection for one exchange; the seconds count for all of it. Raises TrafficError."""

    async def whole() -> Said:
        async with asyncio.timeout(seconds), _opened(admin, seconds) as connection:
            try:
                return await talking(connection)
            except OSError as error:
                raise Unreachable(f"{admin} broke the connection off: read what the proxy has now") from error

    with _in_words(admin, seconds):
        return egress.run(whole())


@asynccontextmanager
async def _opened(admin: Admin, seconds: float) -> AsyncIterator[Connection]:
    if not admin.path:
        host = admin.host.strip("[]")
        async with egress.traffic().connect(host, admin.port, deadline_seconds=seconds) as stream:
            yield stream
        return
    reader, writer = await asyncio.open_unix_connection(admin.path)
    try:
        yield _Socket(reader, writer)
    finally:
        writer.transport.abort()


@contextmanager
def _in_words(admin: Admin, seconds: float) -> Iterator[None]:
    try:
        yield
    except TrafficError:
        raise
    except egress.Forbidden as error:
        raise Refused(f"{error}: open {admin} with PULSEOPS_EGRESS_ALLOW_TRAFFIC") from error
    except egress.BadReply as error:
        raise UnexpectedAnswer(f"{admin}: {error}; is this the proxy's admin address?") from error
    except (TimeoutError, egress.DeadlinePassed) as error:
        raise Unreachable(f"{admin} gave no whole answer within {seconds:g} s; is the proxy overloaded?") from error
    except PermissionError as error:
        raise Refused(f"PulseOps may not open {admin}: give its user access to the socket") from error
    except (OSError, egress.EgressError) as error:
        raise Unreachable(f"{admin} takes no connection: is the proxy running, and its admin address right?") from error
