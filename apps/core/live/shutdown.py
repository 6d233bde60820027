"""Tells open streams of this process to end. The server calls `begin` when it is asked to stop."""

import threading

begun = threading.Event()


def begin() -> None:
    begun.set()
