"""`manage.py up` on a directory of its own, with periods of a second. Its children can be killed by name."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
CHILDREN = {  # by what their command lines hold; the worker "slow" has nothing to do here
    "web": "manage.py serve",
    "fast": "--queues fast",
    "beat": "pulseops.celery beat",
    "loops": "manage.py loops",
    "valkey": "valkey-server",
    "postgres": "bin/postgres -D",
}
EVERY_SECOND = ("BEAT_TICK", "ROLL_UP", "JUDGE", "RESPOND", "DELIVER")


class Installation:
    def __init__(self, directory: Path, receiver: int) -> None:
        self.var, self.output = directory / "var", directory / "output"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = self._environment(receiver)
        self._up = self.command("up", "--no-demo", output=self.output)

    def _environment(self, receiver: int) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        periods = {f"PULSEOPS_PERIOD_{name}": "1" for name in EVERY_SECOND}
        ours = {
            "PULSEOPS_VAR": str(self.var),
            "PULSEOPS_PORT": str(self.port),
            "PULSEOPS_JUDGE_SECONDS": "1",
            "PULSEOPS_NOTICE_LEASE_SECONDS": "6",  # the receiver hangs for a second at most
            "PULSEOPS_EGRESS_ALLOW": f"127.0.0.1:{receiver}",
            "PULSEOPS_LOG_LEVEL": "WARNING",
            "DATABASE_URL": "",  # embedded, whatever .env says
            "REDIS_URL": "",
            "DJANGO_SETTINGS_MODULE": "pulseops.settings",
        }
        return kept | periods | ours

    def command(self, *words: str, output: Path) -> "subprocess.Popen[str]":
        """`manage.py` with these words, in this installation."""
        with output.open("w") as said:
            return self.python("manage.py", *words, stdout=said.fileno())

    def python(self, *words: str, stdout: int) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=REPOSITORY,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.STDOUT if stdout != subprocess.PIPE else None,
            text=True,
        )

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_until_it_said(self, pattern: str, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.said()):
            assert self._up.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def children(self) -> Mapping[str, int]:
        """The processes that run now, by name. One that is about to become its program is not among them."""
        found: dict[str, int] = {}
        for pid, command in _children_of(self._up.pid):
            if "stack/launch.py" not in command:
                found |= {name: pid for name, mark in CHILDREN.items() if mark in command}
        return found

    def kill(self, name: str, *, seconds: float = 120) -> None:
        """kill -9, as soon as there is one."""
        deadline = time.monotonic() + seconds
        while name not in (running := self.children()):
            assert time.monotonic() < deadline, f"{name} does not come back: {self.said()}"
            time.sleep(0.05)
        os.kill(running[name], signal.SIGKILL)

    def end(self) -> None:
        """The kernel ends the children."""
        self._up.kill()
        self._up.communicate()


@contextmanager
def installed(directory: Path, receiver: int) -> Iterator[Installation]:
    """It may send to the receiver's port."""
    installation = Installation(directory, receiver)
    try:
        yield installation
    finally:
        installation.end()


def _children_of(parent: int) -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            status = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(status[1]) == parent and status[0] != "Z":
                yield int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
