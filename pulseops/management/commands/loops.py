"""`manage.py loops`: the permanent children."""

import pkgutil
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

import pulseops.celery  # noqa: F401 - what `current_app` is for a loop that asks for a task
from pulseops.stack import loops
from pulseops.wiring import LOOPS


class Command(BaseCommand):
    help = "Runs the permanent children (audit sealer, the judge's clock) until SIGTERM."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        loops.run_all(stop, {name: pkgutil.resolve_name(path) for name, path in LOOPS.items()})
