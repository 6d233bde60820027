"""`manage.py reset`: back to before the first start."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pulseops.stack.processes import StackError
from pulseops.stack.reset import reset


class Command(BaseCommand):
    help = "Removes the embedded servers' data and everything else `up` made under var. Refuses while `up` runs."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED_DATABASE:
            raise CommandError(
                "DATABASE_URL is set: its database is not ours to delete. Unset it to reset the embedded one."
            )
        try:
            removed = reset(settings.ADDRESSES)
        except StackError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Removed from {settings.VAR_DIR}: {', '.join(removed) or 'nothing'}.")
