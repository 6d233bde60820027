"""One supervisor per var directory: a lock that the kernel releases, however its holder ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pulseops.stack.processes import StackError


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold the lock; yields whether its last holder was killed rather than stopped."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(descriptor, path)
        killed = bool(os.read(descriptor, 1))
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        try:
            yield killed
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 20).decode().strip() or "unknown"
        raise StackError(
            f"PulseOps already runs on {path.parent} (process {holder}). Stop it first with Ctrl-C or "
            f"`kill {holder}`, or give this one its own PULSEOPS_VAR and PULSEOPS_PORT."
        ) from None
