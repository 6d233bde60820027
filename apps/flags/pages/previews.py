"""What a definition, saved or not, does to sample users and to one named user. Writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.core.models import Environment
from apps.flags import selectors
from apps.flags.domain.audience import main_variant, named_groups
from apps.flags.domain.engine.context import GROUPS, TARGETING_KEY
from apps.flags.domain.engine.definitions import EVERYONE, Flag
from apps.flags.domain.engine.explain import explain
from apps.flags.domain.preview import sample
from apps.flags.domain.sentences import sentence
from apps.flags.domain.transitions import Change
from apps.flags.pages.words import compact, listed

SIZE = 1_000
SAMPLE_USERS = [f"user-{n:04}" for n in range(1, SIZE + 1)]


@dataclass(frozen=True, slots=True)
class Crowd:
    """A thousand sample users of one kind. Those that get no value at all are counted as nothing."""

    label: str
    counts: Sequence[tuple[str, int]]  # (variant, users)
    main: str

    @property
    def size(self) -> int:
        return SIZE

    @property
    def on(self) -> int:
        return dict(self.counts).get(self.main, 0)

    @property
    def weights(self) -> list[int]:
        return [count for _variant, count in self.counts]

    @property
    def words(self) -> str:
        return ", ".join(f"{variant}: {count}" for variant, count in self.counts)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one user gets and why."""

    who: str
    value: str
    sentence: str


def changed(flag: Flag, change: Change) -> Flag:
    """The flag as it would be, whether or not it may become so."""
    return replace(flag, **change.given())


def crowds(
    flags: Sequence[Flag], environment: Environment, context: Mapping[str, Any], *, at: datetime
) -> list[list[Crowd]]:
    """For each flag the same crowds. Where rules name groups, those in them and all others are told apart."""
    segments = selectors.segments_of(environment.pk, holding=SAMPLE_USERS)
    groups = [key for flag in flags for key in named_groups(flag.rules) if key != EVERYONE]
    kinds = [("", dict(context))]
    if groups and GROUPS not in context:
        named = _("Users in %(groups)s") % {"groups": listed(dict.fromkeys(groups), last=_("or"))}
        kinds = [(named, {**context, GROUPS: groups}), (_("Everybody else"), dict(context))]
    return [
        [
            _crowd(flag, label, sample(flag, segments, at=at.timestamp(), size=SIZE, context=of).counts)
            for label, of in kinds
        ]
        for flag in flags
    ]


def verdict(flag: Flag, environment: Environment, context: Mapping[str, Any], *, at: datetime) -> Verdict:
    who = str(context.get(TARGETING_KEY, ""))
    among = selectors.world_around(flag, environment.pk, context)
    explanation = explain(flag, among, context, at.timestamp())
    named = _("user %(user)s") % {"user": who} if who else _("somebody without a user id")
    value = "" if explanation.variant is None else compact(explanation.value)
    return Verdict(named, value, sentence(explanation))


def _crowd(flag: Flag, label: str, counts: Sequence[tuple[str, int]]) -> Crowd:
    return Crowd(label, counts, main_variant(flag.type, flag.variants, flag.off_variant))
