"""What a child process is and how one is started so that it can never outlive its parent.

Plain Python. Who watches and restarts it: supervisor. What it runs: the caller.
"""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pulseops.stack import launch


class StackError(Exception):
    """A start that cannot succeed; the message tells the operator what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """One child: what to run, as whom, and which signals end it."""

    name: str
    command: tuple[str, ...]
    identity: str = launch.SAME
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL  # sent by the kernel when the parent dies
    log: Path | None = None  # its output goes there; None: to the supervisor, line by line
    is_server: bool = False  # others use it: stopped after them
    directory: Path = Path("/")
    sockets: tuple[int, ...] = ()  # file descriptors it inherits


def start(program: Program) -> "subprocess.Popen[bytes]":
    """Start it in its own process group, so that Ctrl-C reaches the supervisor alone.

    Call from the main thread: the kernel counts the death of the starting thread as the parent's.
    """
    output = program.log.open("wb") if program.log else None
    try:
        return subprocess.Popen(  # noqa: S603
            launched(program),
            stdin=subprocess.DEVNULL,
            stdout=output or subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            cwd=program.directory,
            pass_fds=program.sockets,
            process_group=0,
        )
    finally:
        if output:
            output.close()


def launched(program: Program) -> list[str]:
    launcher = [sys.executable, "-I", "-S", launch.__file__]
    return [*launcher, str(os.getpid()), str(int(program.orphan_signal)), program.identity, *program.command]


def run(command: tuple[str, ...], *, identity: str, failure: str) -> str:
    """Run to the end and return what it said; on failure say so."""
    arguments = launched(Program(failure, command, identity))
    done = subprocess.run(  # noqa: S603
        arguments, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd="/", check=False
    )
    if done.returncode:
        raise StackError(f"{failure}:\n{(done.stdout + done.stderr).strip()}")
    return done.stdout


def stop(process: "subprocess.Popen[bytes]", first: signal.Signals, seconds: float) -> None:
    """Ask, wait, then kill the whole group; always reaps."""
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            kill(process)
    process.wait()


def kill(process: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()


def command_of(pid: int) -> str:
    """A process's command line; empty when there is none, or only a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
