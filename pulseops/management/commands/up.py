"""`manage.py up`: the whole portal on this machine."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pulseops.stack.processes import StackError
from pulseops.stack.up import up


class Command(BaseCommand):
    help = "Starts everything: embedded servers (unless their URLs are set), web, workers, beat, loops."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="start empty, without the demo project")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            up(with_demo=not options["no_demo"])
        except StackError as error:
            raise CommandError(str(error)) from error
