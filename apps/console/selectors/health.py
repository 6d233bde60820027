"""Whether the portal's own parts are well: the checks of `/readyz`, and the sealer, for people to read."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import health, selectors

SEALER_LATE = 1_000  # entries waiting; it seals as many a second


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    well: bool
    words: str


def parts() -> list[Part]:
    names = {
        "database": _("PostgreSQL"),
        "redis": _("Redis"),
        "migrations": _("Migrations"),
        "beat": _("Background work"),
        "snapshots": _("Flags in memory"),
    }
    return [*(_part(names.get(name, name), check) for name, check in health.CHECKS.items()), _sealer()]


def _part(name: str, check: Callable[[], str]) -> Part:
    try:
        return Part(name, True, check())
    except health.Unwell as problem:
        return Part(name, False, str(problem))


def _sealer() -> Part:
    waiting = selectors.unsealed()
    words = ngettext("%(n)d entry waits for its seal.", "%(n)d entries wait for their seal.", waiting) % {"n": waiting}
    return Part(_("Audit trail"), waiting < SEALER_LATE, words if waiting else _("all entries are sealed"))
