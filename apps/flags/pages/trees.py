"""Conditions and segments of an explanation as nested lines in words. What each came to is explain's finding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.core.pages import Pill
from apps.flags.domain.engine.definitions import All, Compare, Condition, In, InSegment, Not, Nothing
from apps.flags.domain.engine.definitions import Any as AnyOf
from apps.flags.domain.engine.explanation import Check, Explanation, SegmentCheck
from apps.flags.domain.wording import MAX_NAMED, criterion
from apps.flags.pages.words import compact, listed


@dataclass(frozen=True, slots=True)
class Line:
    """One condition with what it met, and below it what it is made of."""

    text: str
    pill: Pill
    actual: str = ""  # the value that the context has; of a segment, why the user is in or not
    wanted: str = ""  # the whole list of values, where `text` cuts it short
    items: tuple["Line", ...] = ()
    folded: bool = False  # below it is a segment's rule that lets nobody in


def holds(matched: bool) -> Pill:
    return Pill("on", _("holds")) if matched else Pill("off", _("does not hold"))


def not_reached() -> Pill:
    return Pill("unreached", _("not reached"))


class Tree:
    """Draws the checks of one explanation. A segment unfolds where it is first named, and nowhere again."""

    def __init__(self, explanation: Explanation) -> None:
        self.segments: Mapping[str, SegmentCheck] = {one.key: one for one in explanation.segments}
        self.unfolded: set[str] = set()

    def line(self, check: Check) -> Line:
        match check.condition:
            case In() | Compare() as condition:
                return _comparison(condition, check.actual, matched=check.matched)
            case InSegment(keys):
                return self._memberships(_("the user is in %(groups)s"), keys, matched=check.matched)
            case Not(In() | Compare() as condition):
                return _comparison(condition, check.items[0].actual, matched=check.matched, negated=True)
            case Not(InSegment(keys)):
                return self._memberships(_("the user is not in %(groups)s"), keys, matched=check.matched)
            case group:
                items = tuple(self.line(item) for item in check.items)
                return Line(_group(group), holds(check.matched), items=items)

    def _memberships(self, text: str, keys: Sequence[str], *, matched: bool) -> Line:
        words = text % {"groups": listed(keys, last=_("or"))}
        return Line(words, holds(matched), items=tuple(self._membership(self.segments[key]) for key in keys))

    def _membership(self, check: SegmentCheck) -> Line:
        pill = Pill("on", _("in")) if check.matched else Pill("off", _("not in"))
        again = check.key in self.unfolded
        self.unfolded.add(check.key)
        items = (self.line(check.rule),) if check.rule and not again else ()
        why = _("as told above") if again and check.rule else _ways_in(check)
        return Line(check.key, pill, why, items=items, folded=not check.matched)


def _comparison(condition: In | Compare, actual: object, *, matched: bool, negated: bool = False) -> Line:
    name = ".".join(condition.path)
    found = _("%(name)s is missing") if actual is None else _("%(name)s is %(value)s")
    value = condition.values if isinstance(condition, In) else condition.value
    cut = isinstance(value, tuple) and len(value) > MAX_NAMED
    return Line(
        criterion(condition, negated=negated),
        holds(matched),
        found % {"name": name, "value": compact(actual)},
        ", ".join(map(str, value)) if cut and isinstance(value, tuple) else "",
    )


def _group(condition: Condition) -> str:
    match condition:
        case All():
            return _("all of these hold")
        case AnyOf():
            return _("at least one of these holds")
        case Nothing():
            return _("none of these holds")
        case _other:
            return _("this does not hold")


def _ways_in(check: SegmentCheck) -> str:
    if check.everyone:
        return _("holds every user")
    ways = [
        (check.member, _("a member")),
        (check.claimed, _("named in the context's groups")),
        (check.rule is not None and check.rule.matched, _("its rule holds")),
    ]
    found = [words for hit, words in ways if hit]
    if found:
        return listed(found)
    if not check.defined:
        return _("no such segment: nobody is a member, and the context's groups do not name it")
    if check.rule is None:
        return _("not a member, not named in the context's groups")
    return _("not a member, not named in the context's groups, and its rule does not hold")
