"""Asking the system for a host's addresses without stopping the event loop. Which are forbidden is not known here."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from ipaddress import ip_address

from apps.core.domain.egress import Address
from apps.core.egress.errors import NameUnknown

Resolve = Callable[[str, int], Awaitable[list[Address]]]
LOOKUPS_AT_ONCE = 16


@cache
def _pool() -> ThreadPoolExecutor:
    """Our own, because asyncio.run waits for the loop's own pool: a dead name server would outlive every deadline."""
    return ThreadPoolExecutor(LOOKUPS_AT_ONCE, thread_name_prefix="egress-dns")


os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork


async def from_system(host: str, port: int) -> list[Address]:
    """The addresses in the system's order of preference."""
    try:
        answers = await asyncio.get_running_loop().run_in_executor(_pool(), _look_up, host, port)
    except (OSError, UnicodeError) as error:
        raise NameUnknown(f"no address was found for {host}") from error
    return [ip_address(str(sockaddr[0])) for *_, sockaddr in answers]


def _look_up(host: str, port: int) -> list[tuple[int, int, int, str, tuple[str | int | bytes, ...]]]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
