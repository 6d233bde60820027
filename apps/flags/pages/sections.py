"""The flag page's sections about individual users and about the flags that this one waits for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.core.models import Environment
from apps.core.pages import Pill
from apps.flags import selectors
from apps.flags.domain.engine.definitions import Flag, FlagStatus, Prerequisite
from apps.flags.domain.individuals import is_expired
from apps.flags.domain.reach import Reach, reach
from apps.flags.forms import QuickOverrideForm
from apps.flags.pages.base import FlagPage
from apps.flags.pages.words import listed, pill


@dataclass(frozen=True, slots=True)
class Individuals:
    """One override, and how long it holds."""

    variant: str
    users: Sequence[str]
    expires_at: datetime | None
    expired: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """A flag that is waited for: what it does here, and for whom it serves what is wanted."""

    key: str
    wanted: str
    pill: Pill | None  # None: there is no such flag
    reach: Pill


def quick_form(page: FlagPage, flag: Flag, data: Any = None) -> QuickOverrideForm:
    """Proposes the person who is looking."""
    initial = {"version": page.state.version, "user": page.request.user.get_username()}
    return QuickOverrideForm(data, variants=[variant.key for variant in flag.variants], initial=initial)


def sections(page: FlagPage, quick: QuickOverrideForm | None = None) -> dict[str, Any]:
    flag = page.served
    if flag is None:
        return {}
    individuals = [
        Individuals(one.variant, one.targeting_keys, one.expires_at, is_expired(one, page.at)) for one in flag.overrides
    ]
    return {
        "individuals": individuals,
        "expired": sum(one.expired for one in individuals),
        "quick": quick or quick_form(page, flag),
        "waits": waits(flag.prerequisites, page.environment),
        "dependents": selectors.waiting_for(page.state),
        "may_target": flag.status is not FlagStatus.KILLED,
    }


def waits(prerequisites: Sequence[Prerequisite], environment: Environment) -> list[Wait]:
    found = selectors.flags_in(environment.pk, [one.flag for one in prerequisites])
    known = {flag.key: flag for flag in found}
    return [_wait(one, known.get(one.flag)) for one in prerequisites]


def _wait(one: Prerequisite, other: Flag | None) -> Wait:
    wanted = listed(one.variants, last=_("or"))
    if other is None:
        return Wait(one.flag, wanted, None, Pill("warn", _("not there")))
    words = {
        Reach.EVERYONE: Pill("on", _("met for everyone")),
        Reach.SOME: Pill("info", _("met for some users")),
        Reach.NOBODY: Pill("warn", _("met for nobody")),
    }
    return Wait(one.flag, wanted, pill(other), words[reach(other, one.variants)])
