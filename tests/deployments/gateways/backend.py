"""Two slots of a service in one process, each at a port of its own, and each answering its colour.

`GET /300` waits 300 ms first. The ports are printed, one a line.
"""

import asyncio
import contextlib
import sys
from typing import cast

COLOURS = ("blue", "green")


class Slot(asyncio.Protocol):
    def __init__(self, colour: str) -> None:
        self.answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(colour)}\r\n\r\n{colour}".encode()
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            wait = head.split(b" ", 2)[1].removeprefix(b"/")
            if wait:
                asyncio.get_running_loop().call_later(int(wait) / 1e3, self.transport.write, self.answer)
            else:
                self.transport.write(self.answer)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    for colour in COLOURS:
        server = await loop.create_server(lambda colour=colour: Slot(colour), "127.0.0.1", 0)  # type: ignore[misc]
        print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # until whoever started us is gone


if __name__ == "__main__":
    with contextlib.suppress(ImportError):
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(serve())
