"""Keeps children running: passes their lines on, restarts what dies, stops everything within a few seconds.

Plain Python, one thread. Knows nothing of what the children do.
"""

import os
import selectors
import signal
import subprocess
import time
from collections import deque
from dataclasses import dataclass, field

from pulseops.stack import processes
from pulseops.stack.console import Console
from pulseops.stack.processes import Program

LAST_LINES = 12
HEALTHY_SECONDS = 20  # a child that lived this long is in no crash loop and starts again at once
GRACE_SECONDS = 3.8  # for the portal's own processes, before they are killed
SERVER_GRACE_SECONDS = 1.0  # for the database after that


def restart_delay(failures: int) -> float:
    """Seconds to wait before the next start, after so many failures in a row."""
    return min(30.0, 0.5 * 2.0 ** min(failures, 10))


@dataclass(slots=True)
class Child:
    program: Program
    process: "subprocess.Popen[bytes]"
    started_at: float
    failures: int = 0
    restart_at: float | None = None
    rest: bytes = b""  # of a line still being written
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))

    def last_lines(self) -> list[str]:
        if self.program.log:
            return self.program.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        return list(self.lines)


class Supervisor:
    def __init__(self, console: Console) -> None:
        self.console = console
        self.children: list[Child] = []
        self._pipes = selectors.DefaultSelector()

    def start(self, program: Program) -> Child:
        child = Child(program, processes.start(program), time.monotonic())
        self.children.append(child)
        self._listen(child)
        return child

    def turn(self, seconds: float = 0.2) -> None:
        """Wait a moment for lines, then look after the dead."""
        self._pass_lines(seconds)
        for child in self.children:
            self._look_after(child, time.monotonic())

    def stop(self) -> None:
        """First what uses the servers, all at once; then the servers, last started first."""
        self._stop_together([child for child in self.children if not child.program.is_server])
        for child in reversed(self.children):
            processes.stop(child.process, child.program.stop_signal, SERVER_GRACE_SECONDS)

    def _stop_together(self, children: list[Child]) -> None:
        deadline = time.monotonic() + GRACE_SECONDS
        for child in children:
            if child.process.poll() is None:
                child.process.send_signal(child.program.stop_signal)
        while time.monotonic() < deadline and any(child.process.poll() is None for child in children):
            self._pass_lines(0.05)
        for child in children:
            if child.process.poll() is None:
                self.console.line(child.program.name, f"did not stop within {GRACE_SECONDS:g} s: killed")
            processes.kill(child.process)
            child.process.wait()
        self._pass_lines(0)

    def _look_after(self, child: Child, now: float) -> None:
        if child.restart_at is None:
            if child.process.poll() is not None:
                self._mourn(child, now)
        elif now >= child.restart_at:
            child.process, child.started_at, child.restart_at = processes.start(child.program), now, None
            self._listen(child)

    def _mourn(self, child: Child, now: float) -> None:
        self._pass_lines(0)
        processes.kill(child.process)  # what it may have left behind in its group
        child.failures = 0 if now - child.started_at >= HEALTHY_SECONDS else child.failures + 1
        delay = restart_delay(child.failures)
        child.restart_at = now + delay
        name = child.program.name
        self.console.line(name, f"{_ending(child.process.returncode)}; starts again in {delay:g} s. Its last lines:")
        for text in child.last_lines():
            self.console.line(name, f"  {text}")

    def _listen(self, child: Child) -> None:
        if child.process.stdout:
            pipe = os.dup(child.process.stdout.fileno())
            child.process.stdout.close()
            self._pipes.register(pipe, selectors.EVENT_READ, child)

    def _pass_lines(self, seconds: float) -> None:
        if not self._pipes.get_map():
            time.sleep(seconds)
        for key, _ in self._pipes.select(seconds):
            chunk = os.read(key.fd, 65536)
            if not chunk:
                self._pipes.unregister(key.fd)
                os.close(key.fd)
            self._take(key.data, chunk)

    def _take(self, child: Child, chunk: bytes) -> None:
        if not chunk:
            chunk = b"\n" if child.rest else b""
        *complete, child.rest = (child.rest + chunk).split(b"\n")
        for raw in complete:
            text = raw.decode(errors="replace").rstrip()
            child.lines.append(text)
            self.console.line(child.program.name, text)


def _ending(code: int) -> str:
    return f"ended with code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"
