"""Warns about PULSEOPS_FEATURE_* variables that lock nothing. Reads the database, so it runs only with that tag."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError

from apps.flags.domain.locks import PREFIX, UnreadableLock, variable_name
from apps.flags.models import Flag
from apps.flags.selectors import definitions


@register(Tags.database)
def locks(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    given: dict[str, str] = settings.FEATURE_LOCKS
    if not given or not databases:
        return []
    try:
        flags = list(Flag.objects.select_related("project").prefetch_related("variants"))
    except DatabaseError:  # before the first migration there is no table to compare with
        return []
    return [warning for name, text in sorted(given.items()) for warning in _warnings(name, text, flags)]


def _warnings(name: str, text: str, flags: Iterable[Flag]) -> list[CheckMessage]:
    meant = [flag for flag in flags if variable_name(flag.key) == name]
    if not meant:
        hint = f"Name it {PREFIX} and a flag's key in capitals: aiSummarization is {variable_name('aiSummarization')}."
        return [Warning(f"{name} matches no flag, so it locks nothing.", hint=hint, id="flags.W001")]
    return [
        Warning(
            f"{name}={text!r} is neither a variant nor a {flag.type} of {flag.project}/{flag}, so it locks nothing.",
            hint=f"Give one of {', '.join(variant.key for variant in definitions.variants(flag))}.",
            id="flags.W002",
        )
        for flag in meant
        if not _readable(flag)
    ]


def _readable(flag: Flag) -> bool:
    try:
        definitions.locking(flag)
    except UnreadableLock:
        return False
    return True
