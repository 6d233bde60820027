"""One supervisor per var directory, and whether the last one was killed."""

import multiprocessing
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from pulseops.stack import lock
from pulseops.stack.processes import StackError


def _hold_forever(path: Path) -> None:
    with lock.held(path):
        time.sleep(60)


def test_a_second_holder_is_told_who_holds_it(tmp_path: Path) -> None:
    with (
        lock.held(tmp_path / "up.lock"),
        pytest.raises(StackError, match=rf"already runs on .*\(process {os.getpid()}\)"),
        lock.held(tmp_path / "up.lock"),
    ):
        pass


def test_a_stopped_holder_leaves_no_trace_and_a_killed_one_does(tmp_path: Path) -> None:
    path = tmp_path / "up.lock"
    _hold_until_interrupted(path)
    assert path.read_text() == ""
    holder = multiprocessing.get_context("spawn").Process(target=_hold_forever, args=(path,))
    holder.start()
    _until_written(path)
    assert holder.pid
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()

    with lock.held(path) as killed:
        assert killed


def _hold_until_interrupted(path: Path) -> None:
    with suppress(KeyboardInterrupt), lock.held(path) as killed:
        assert not killed
        raise KeyboardInterrupt


def _until_written(path: Path) -> None:
    deadline = time.monotonic() + 10
    while not path.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
