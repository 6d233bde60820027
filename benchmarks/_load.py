"""Load on one address: `wrk` where it is installed, else a client of our own in a process of its own."""

import asyncio
import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

CONNECTIONS = 32


@dataclass(frozen=True)
class Request:
    url: str
    headers: Mapping[str, str]
    body: str
    method: str = "POST"

    def wire(self) -> bytes:
        address = urlsplit(self.url)
        headers = {"Host": address.netloc, "Content-Length": str(len(self.body))} | dict(self.headers)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{self.method} {address.path} HTTP/1.1\r\n{lines}\r\n{self.body}".encode()


@dataclass(frozen=True)
class Result:
    per_second: float
    p50_ms: float
    p99_ms: float
    failed: int  # answers with another status than expected


def measure(request: Request, *, status: int, seconds: float) -> Result:
    """Keep CONNECTIONS requests in flight for `seconds`."""
    command = _wrk(request, status, seconds) if shutil.which("wrk") else [sys.executable, __file__]
    given = json.dumps({"request": asdict(request), "status": status, "seconds": seconds})
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True, timeout=seconds + 30)
    return Result(**json.loads(done.stdout.strip().splitlines()[-1]))


def measure_each(requests: Sequence[Request], *, connections: int, status: int, seconds: float) -> Result:
    """The same with these requests, each once and in turn, by our own client; they have to last."""
    given = ([request.wire() for request in requests], requests[0].url, connections, status, seconds)
    command = [sys.executable, __file__, "each"]
    done = subprocess.run(command, input=pickle.dumps(given), capture_output=True, check=True, timeout=seconds + 60)
    return Result(**json.loads(done.stdout))


def _wrk(request: Request, status: int, seconds: float) -> list[str]:
    script = f"""
wrk.method = "POST"
wrk.body = {json.dumps(request.body)}
{"".join(f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" + chr(10) for name, value in request.headers.items())}
local threads = {{}}
function setup(thread) table.insert(threads, thread); thread:set("failed", 0) end
function response(got) if got ~= {status} then failed = failed + 1 end end
function done(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for _, thread in ipairs(threads) do failed = failed + thread:get("failed") end
  print(string.format('{{"per_second": %f, "p50_ms": %f, "p99_ms": %f, "failed": %d}}',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed))
end
"""
    file = Path(os.environ["PULSEOPS_VAR"]) / "load.lua"  # goes with the installation
    file.write_text(script)
    return ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-s", str(file), request.url]


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as an answer is complete."""

    def __init__(self, requests: Iterator[bytes], status: int, until: float, ended: asyncio.Future[None]) -> None:
        import httptools

        self.requests, self.status, self.until, self.ended = requests, status, until, ended
        self.parser = httptools.HttpResponseParser(self)
        self.times: list[float] = []
        self.failed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.ask()

    def ask(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
            return
        self.began = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self.times.append(now - self.began)
        self.failed += self.parser.get_status_code() != self.status
        if now < self.until:
            self.ask()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set_result(None)


def _same(connection: _Connection) -> _Connection:
    return connection


async def _client(requests: Iterator[bytes], url: str, count: int, status: int, seconds: float) -> Result:
    loop, address = asyncio.get_running_loop(), urlsplit(url)
    began = time.perf_counter()
    connections = []
    for _ in range(count):
        connection = _Connection(requests, status, began + seconds, loop.create_future())
        await loop.create_connection(partial(_same, connection), address.hostname or "", address.port or 80)
        connections.append(connection)
    await asyncio.gather(*(connection.ended for connection in connections))
    spent = time.perf_counter() - began
    times = sorted(took for connection in connections for took in connection.times)
    return Result(
        len(times) / spent,
        times[len(times) // 2] * 1e3,
        times[len(times) * 99 // 100] * 1e3,
        sum(connection.failed for connection in connections),
    )


def _run(arguments: Sequence[str]) -> Result:
    import uvloop

    if arguments:
        wires, url, connections, status, seconds = pickle.load(sys.stdin.buffer)
        return uvloop.run(_client(iter(wires), url, connections, status, seconds))
    given = json.load(sys.stdin)
    request = Request(**given["request"])
    return uvloop.run(_client(repeat(request.wire()), request.url, CONNECTIONS, given["status"], given["seconds"]))


if __name__ == "__main__":
    print(json.dumps(asdict(_run(sys.argv[1:]))))
