"""Loops run side by side, start again after a crash and end when told."""

import logging
import pkgutil
import threading

import pytest

from pulseops import wiring
from pulseops.stack import loops


def test_every_wired_loop_exists() -> None:
    assert all(callable(pkgutil.resolve_name(path)) for path in wiring.LOOPS.values())


def test_a_crash_is_reported_and_ends_neither_the_loop_nor_its_neighbour(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loops, "restart_delay", lambda failures: 0.01 * failures)
    stop, starts, neighbour_ended = threading.Event(), [], threading.Event()

    def crashing(_: threading.Event) -> None:
        starts.append(1)
        if len(starts) == 3:
            stop.set()
        raise RuntimeError("broken")

    def waiting(asked: threading.Event) -> None:
        asked.wait()
        neighbour_ended.set()

    with caplog.at_level(logging.ERROR):
        loops.run_all(stop, {"crashing": crashing, "waiting": waiting})

    assert len(starts) == 3
    assert neighbour_ended.is_set()
    assert "The loop crashing crashed; it starts again in 0.01 s" in caplog.text
