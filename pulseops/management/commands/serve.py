"""`manage.py serve`: the web server alone."""

import os
import socket
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pulseops.stack import serving


class Command(BaseCommand):
    help = "Serves the portal on PULSEOPS_BIND:PULSEOPS_PORT. `up` runs this and everything it needs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--access-log", action="store_true", help="log every request")
        parser.add_argument("--fd", type=int, help="an inherited listening socket instead of the address")

    def handle(self, *args: Any, **options: Any) -> None:
        serving.serve(_listener(options["fd"]), access_log=options["access_log"])


def _listener(descriptor: int | None) -> socket.socket:
    if descriptor is not None:
        return socket.socket(fileno=descriptor)
    try:
        return serving.listen(settings.BIND, settings.PORT)
    except OSError as error:
        raise CommandError(
            f"Cannot listen on {settings.BIND}:{settings.PORT}: {os.strerror(error.errno or 0)}"
        ) from error
