"""What the builder in the browser has to know: what is on offer, what it is called, how much is allowed. The builder
itself is static/pulseops/builder; which rules are right is decided where they are saved."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from apps.core.models import Project
from apps.flags import selectors
from apps.flags.domain.editing import CHOICES, Choice, Kind
from apps.flags.domain.engine import limits
from apps.flags.domain.engine.context import TARGETING_KEY
from apps.flags.domain.engine.definitions import EVERYONE, Operator
from apps.flags.domain.engine.operators import is_timely
from apps.flags.domain.engine.validation import Problem
from apps.flags.domain.wording import PHRASES
from apps.flags.selectors import overview

LIMITS = {
    "rules": limits.MAX_RULES,
    "depth": limits.MAX_DEPTH,
    "items": limits.MAX_ITEMS,
    "values": limits.MAX_VALUES,
    "text": limits.MAX_TEXT_LENGTH,
    "key": limits.MAX_KEY_LENGTH,
    "pattern": limits.MAX_PATTERN_LENGTH,
    "weight": limits.WEIGHT_TOTAL,
}


def offer(
    project: Project, *, variants: Sequence[str] = (), faults: Iterable[Problem] = (), but: str = ""
) -> dict[str, Any]:
    """Plain JSON. `but` is a segment that must not be offered: the one whose rule this is."""
    segments = [{"key": EVERYONE, "name": _("everyone")}]
    segments += [{"key": row.key, "name": row.name} for row in selectors.segments(project) if row.key != but]
    return {
        "limits": LIMITS,
        "kinds": [{"kind": kind, "label": label, "choices": _choices(kind)} for kind, label in kinds().items()],
        "variants": list(variants),
        "segments": segments,
        "attributes": [list(path) for path in overview.attributes_in_use(project)],
        "targeting_key": TARGETING_KEY,
        "faults": list(faults),
        "words": words(),
    }


def kinds() -> dict[Kind, str]:
    return {
        Kind.TEXT: _("Text"),
        Kind.NUMBER: _("Number"),
        Kind.BOOLEAN: _("True or false"),
        Kind.DATE: _("Date"),
        Kind.VERSION: _("Version"),
        Kind.NETWORK: _("Network"),
        Kind.LIST: _("List"),
        Kind.PRESENCE: _("Presence"),
    }


def _choices(kind: Kind) -> list[dict[str, Any]]:
    return [
        {
            "op": choice.operator,
            "editor": choice.editor,
            "phrases": _phrases(choice),
            "ignores_case": choice.ignores_case,
            "asks_about_missing": choice.asks_about_missing,
        }
        for choice in CHOICES[kind]
    ]


def _phrases(choice: Choice) -> list[str]:
    """What it is called, and what its opposite is."""
    ago = choice.operator != "in" and is_timely(Operator(choice.operator))
    return [_("%(phrase)s … ago") % {"phrase": phrase} if ago else phrase for phrase in PHRASES[choice.operator]]


def words() -> dict[str, str]:
    """What scripts say; the labels of controls are in the page's templates."""
    return {
        "rule": _("Rule %(n)s"),
        "incomplete": _("Not complete yet"),
        "added": _("Added %(what)s."),
        "removed": _("Removed %(what)s."),
        "moved": _("%(what)s is now number %(n)s of %(count)s."),
        "condition": _("a condition"),
        "group": _("a group of conditions"),
        "value": _("Remove %(value)s"),
        "values": _("%(count)s of %(limit)s values"),
        "rules": _("%(count)s of %(limit)s rules"),
        "items": _("%(count)s of %(limit)s conditions in this group"),
        "too_deep": _("Conditions nest %(depth)s deep; %(limit)s are allowed."),
        "full": _("%(limit)s is the most."),
        "no_number": _("%(value)s is no number."),
        "too_long": _("A value has at most %(limit)s characters."),
        "total": _("The shares add up to %(total)s %%."),
        "missing": _("The shares add up to %(total)s %%: %(gap)s %% is missing."),
        "too_much": _("The shares add up to %(total)s %%: %(gap)s %% too much."),
        "not_json": _("This is not JSON: line %(line)s, column %(column)s."),
        "not_shown": _("%(path)s: the builder cannot show this. Edit it as JSON."),
        "copy": _("%(id)s-copy"),
        "new": _("rule-%(n)s"),
    }
