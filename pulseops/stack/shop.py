"""The demo's product: one small web app in two slots, the agent that deploys it there, and people who use it.

Plain Python, run as `python -m pulseops.stack.shop FILE`. What it measures it pushes to the portal as any product does.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any

from apps.core.domain import signing

SERVICE = "messages"
VISITS_A_SECOND = 20
PUSH_SECONDS = 5
BOOT_SECONDS = 3.0  # from the agent's order until the slot answers
BROKEN_SHARE = 0.10  # of answers of a broken version
USUAL_SHARE = 0.001
SLOW = 2.5  # times slower, when broken
Answer = tuple[int, str, bytes]  # status, content type, body
Handler = Callable[[str, str, Mapping[str, str], bytes], Awaitable[Answer]]


@dataclass
class Config:
    """What `up` writes for us, and we keep current: see demo_deployments.py."""

    path: Path
    ports: Mapping[str, int]  # of blue, green, agent and the proxy
    portal: str  # its URL
    token: str  # of an ingest key
    secret: str  # of the agent
    versions: dict[str, str]  # by slot
    broken: list[str] = field(default_factory=list)  # versions

    @classmethod
    def read(cls, path: Path) -> "Config":
        return cls(path=path, **json.loads(path.read_text()))

    def write(self) -> None:
        kept = {name: value for name, value in self.__dict__.items() if name != "path"}
        unfinished = self.path.with_suffix(".part")
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(kept))
        unfinished.replace(self.path)


@dataclass
class Slot:
    """A version of the app that runs, and what it counted since it was started."""

    name: str
    config: Config
    starts_at: float = 0.0  # on the monotonic clock
    requests: int = 0
    errors: int = 0
    latencies: list[tuple[float, float]] = field(default_factory=list)  # when, and seconds

    @property
    def version(self) -> str:
        return self.config.versions[self.name]

    @property
    def is_broken(self) -> bool:
        return self.version in self.config.broken

    async def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if time.monotonic() < self.starts_at:
            return 503, "text/plain", b"starting"
        if path == "/healthz":
            return 200, "application/json", json.dumps({"version": self.version}).encode()
        if method == "POST":
            return self._turned(path)
        return await self._page()

    async def _page(self) -> Answer:
        seconds = random.lognormvariate(-3.5, 0.4) * (SLOW if self.is_broken else 1)  # about 30 ms
        await asyncio.sleep(seconds)
        failed = random.random() < (BROKEN_SHARE if self.is_broken else USUAL_SHARE)  # noqa: S311 - chance, no secret
        self.requests += 1
        self.errors += failed
        self.latencies.append((time.time(), seconds))
        if failed:
            return 500, "text/html; charset=utf-8", self._html("Something went wrong. This was counted.")
        return 200, "text/html; charset=utf-8", self._html("Your messages are all read.")

    def _turned(self, path: str) -> Answer:
        """The button. It breaks the version that this very slot runs, or mends it."""
        self.config.broken = [] if path == "/mend" else [*{*self.config.broken, self.newest}]
        self.config.write()
        return 303, "text/plain", b""

    @property
    def newest(self) -> str:
        return max(self.config.versions.values(), key=lambda version: [*map(int, version.split("."))])

    def _html(self, words: str) -> bytes:
        state = "broken" if self.is_broken else "well"
        page = PAGE.substitute(words=words, version=self.version, slot=self.name, state=state, newest=self.newest)
        return page.encode()


PAGE = Template("""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Pulse Messages $version</title>
<style>body{font:1.1rem/1.6 system-ui;max-width:34rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}
button{font:inherit;padding:.5rem 1rem;margin:.25rem .5rem .25rem 0}</style>
<main><h1>Pulse Messages</h1><p>$words</p>
<p>You were answered by <strong>version $version</strong> in the slot <strong>$slot</strong>, which is $state.
Load the page again to see how the traffic is shared.</p>
<form method="post"><button formaction="/break">Break version $newest</button>
<button formaction="/mend">Mend it</button></form>
<p>A broken version fails every tenth request and is slow. A canary of it is found out and rolled back by
PulseOps.</p></main></html>""")


@dataclass
class Agent:
    """Deploys by giving a slot another version and a moment to start."""

    config: Config
    slots: Mapping[str, Slot]

    async def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if method != "POST" or not self._signed(headers, body):
            return 401, "text/plain", b"unsigned"
        order = json.loads(body)
        slot = self.slots.get(order["slot"])
        if slot is None or order["service"] != SERVICE:
            return 404, "text/plain", b"no such slot"
        if order["type"] == "slot.prepare" and slot.version != order["version"]:
            self.config.versions[slot.name] = order["version"]
            self.config.write()
            slot.requests, slot.errors, slot.starts_at = 0, 0, time.monotonic() + BOOT_SECONDS
        return 202, "text/plain", b"taken"

    def _signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        given, stamp = headers.get("webhook-signature", ""), headers.get("webhook-timestamp", "0")
        wanted = signing.signature(self.config.secret, headers.get("webhook-id", ""), int(stamp), body)
        return wanted in given.split()


async def serve(port: int, handler: Handler) -> asyncio.Server:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError, asyncio.IncompleteReadError):
            while await _exchanged(reader, writer, handler):
                pass
        writer.close()

    return await asyncio.start_server(talk, "127.0.0.1", port)


async def _exchanged(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler) -> bool:
    """One request and its answer; whether the connection goes on."""
    line = (await reader.readline()).decode().split()
    if len(line) != 3:
        return False
    headers = {}
    while (raw := await reader.readline()) not in (b"\r\n", b""):
        name, _, value = raw.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    status, kind, answer = await handler(line[0], line[1], headers, body)
    place = "Location: /\r\n" if status == 303 else ""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{place}Content-Length: {len(answer)}\r\n\r\n"
    writer.write(head.encode() + answer)
    await writer.drain()
    return headers.get("connection", "").lower() != "close"


async def visit(port: int) -> None:
    """Somebody looks at a page, through the proxy."""
    with suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: messages.localhost\r\nConnection: close\r\n\r\n")
        await reader.read()
        writer.close()


async def visits(port: int) -> None:
    """At the times of a Poisson process, whatever answers how slowly."""
    under_way: set[asyncio.Task[None]] = set()
    while True:
        await asyncio.sleep(random.expovariate(VISITS_A_SECOND))
        task = asyncio.create_task(visit(port))
        under_way.add(task)
        task.add_done_callback(under_way.discard)


async def push(config: Config, slots: Mapping[str, Slot]) -> None:
    while True:
        await asyncio.sleep(PUSH_SECONDS)
        samples = [sample for slot in slots.values() for sample in measured(slot)]
        with suppress(OSError):
            await asyncio.to_thread(_send, config, samples)


def measured(slot: Slot) -> list[dict[str, Any]]:
    """What the slot did since it was asked last."""
    labels = {"service": SERVICE, "slot": slot.name}
    taken, slot.latencies = slot.latencies, []
    counts = {"http_requests_total": slot.requests, "http_errors_total": slot.errors}
    return [
        *({"name": name, "labels": labels, "value": count} for name, count in counts.items()),
        *(
            {"name": "http_request_duration_seconds", "labels": labels, "value": seconds, "at": _moment(at)}
            for at, seconds in taken
        ),
    ]


def _send(config: Config, samples: list[dict[str, Any]]) -> None:
    body = json.dumps({"samples": samples}).encode()
    headers = {"Authorization": f"Bearer {config.token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{config.portal}/api/v1/metrics", body, headers)  # noqa: S310 - from `up`
    urllib.request.urlopen(request, timeout=5).close()  # noqa: S310


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


async def main(path: Path) -> None:
    config = Config.read(path)
    slots = {name: Slot(name, config) for name in config.versions}
    for name, slot in slots.items():
        await serve(config.ports[name], slot.answer)
    await serve(config.ports["agent"], Agent(config, slots).answer)
    running = [asyncio.create_task(visits(config.ports["proxy"])), asyncio.create_task(push(config, slots))]
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await stopping.wait()
    for task in running:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
    os._exit(0)  # whoever hangs on a connection does not keep us
