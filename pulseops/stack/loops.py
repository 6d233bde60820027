"""Permanent children that wait rather than compute: threads of one process, started again when they crash.

Which there are: pulseops/wiring.py. The work is in the apps.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from time import monotonic

from pulseops.stack.supervisor import HEALTHY_SECONDS, restart_delay

Loop = Callable[[threading.Event], None]  # runs until the event is set

STOP_SECONDS = 3.0
log = logging.getLogger(__name__)


def run_all(stop: threading.Event, loops: Mapping[str, Loop]) -> None:
    """Run every loop until `stop` is set, then wait a moment for them to end."""
    threads = [
        threading.Thread(target=keep_running, args=(name, loop, stop), name=name, daemon=True)
        for name, loop in loops.items()
    ]
    for thread in threads:
        thread.start()
    stop.wait()
    deadline = monotonic() + STOP_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - monotonic()))


def keep_running(name: str, loop: Loop, stop: threading.Event) -> None:
    failures = 0
    while not stop.is_set():
        began = monotonic()
        try:
            loop(stop)
        except Exception:
            failures = 0 if monotonic() - began >= HEALTHY_SECONDS else failures + 1
            log.exception("The loop %s crashed; it starts again in %g s", name, restart_delay(failures))
            stop.wait(restart_delay(failures))
