"""`manage.py audit verify`: whether the audit trail is still what was once sealed."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core import audit, selectors
from apps.core.domain import chain


class Command(BaseCommand):
    help = "Recomputes the chain over the audit trail and says where it breaks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        verify = actions.add_parser("verify", help="check every link from the first")
        verify.add_argument("--head", help="the head that an earlier run printed: it has to be among the links")

    def handle(self, *args: Any, **options: Any) -> None:
        known = _digest(options["head"])
        verdict = audit.verify()
        if verdict.problem is not None:
            raise CommandError(f"The trail is broken after {verdict.sealed} good links: {verdict.problem}.")
        if known is not None and not selectors.has_link(known):
            raise CommandError(f"No link is {known.hex()}: the trail was cut or sealed anew since that head was noted.")
        self.stdout.write(
            f"The trail holds: {verdict.sealed} entries sealed, {verdict.unsealed} waiting for their seal."
        )
        self.stdout.write(f"Head: {verdict.head.hex()}")


def _digest(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        head = bytes.fromhex(text)
    except ValueError:
        head = b""
    if len(head) != len(chain.GENESIS):
        raise CommandError(f"--head takes the {2 * len(chain.GENESIS)} hexadecimal digits that an earlier run printed.")
    return head
