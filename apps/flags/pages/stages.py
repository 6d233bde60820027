"""An explanation as the stages that a flag goes through, from the kill switch to the default, for the page to draw."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import svg
from apps.core.pages import Pill
from apps.flags.domain.engine.definitions import Fixed, Rule, Split, Window
from apps.flags.domain.engine.explain import is_past
from apps.flags.domain.engine.explanation import Cause, Explanation, Placement, PrerequisiteCheck, RuleCheck
from apps.flags.domain.engine.text import percent
from apps.flags.domain.sentences import sentence
from apps.flags.pages.targeting import moment, until
from apps.flags.pages.trees import Line, Tree, holds, not_reached
from apps.flags.pages.words import listed, rule_sentence, serve_words

# The stages in their order, each with the causes that end there.
_ORDER = (
    {Cause.KILLED},
    {Cause.LOCKED},
    {Cause.OFF},
    {Cause.PREREQUISITE},
    {Cause.OVERRIDE},
    {Cause.RULE},
    {Cause.NO_RULES, Cause.NO_MATCH},
)
KILL, LOCK, SWITCH, WAITS, USERS, RULES, REST = range(len(_ORDER))


@dataclass(frozen=True, slots=True)
class Wait:
    """A flag that has to serve one of `wanted` first."""

    flag: str
    wanted: str
    pill: Pill
    sentence: str  # what it serves and why; empty when it was not reached


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the user fell in a split, drawn and in numbers."""

    bar: SafeString
    text: str
    shares: tuple[tuple[str, str, bool], ...]  # (variant, range, whether the user is in it)


@dataclass(frozen=True, slots=True)
class Stage:
    title: str
    pill: Pill
    decides: bool
    notes: tuple[str, ...] = ()
    waits: tuple[Wait, ...] = ()
    line: Line | None = None
    bucket: Bucket | None = None


def stages(found: Explanation, at: datetime) -> list[Stage]:
    """`at` is the moment that was asked about."""
    last = next((place for place, causes in enumerate(_ORDER) if found.cause in causes), -1)
    return list(_Stages(found, at, last).walk())


class _Stages:
    def __init__(self, found: Explanation, at: datetime, last: int) -> None:
        self.found, self.flag, self.at, self.last = found, found.flag, at, last

    def walk(self) -> Iterator[Stage]:
        flag = self.flag
        killed, on = Pill("killed", _("killed")), Pill("on", _("on"))
        yield self._stage(KILL, _("Kill switch"), killed, Pill("on", _("not killed")))
        if flag.lock is not None:
            words = _("%(variable)s locks the flag to %(variant)s.")
            note = words % {"variable": flag.lock.source, "variant": flag.lock.variant}
            yield self._stage(LOCK, _("Environment variable"), Pill("locked", _("locked")), on, note)
        yield self._stage(SWITCH, _("On or off"), Pill("off", _("off")), on)
        if flag.prerequisites:
            yield self._waits()
        if flag.overrides:
            yield self._users()
        yield from self._rules()
        yield self._rest()

    def _stage(self, place: int, title: str, ends: Pill, goes_on: Pill, *notes: str) -> Stage:
        pill = not_reached() if place > self.last else ends if place == self.last else goes_on
        return Stage(title, pill, place == self.last, notes)

    def _waits(self) -> Stage:
        checked = [_wait(one) for one in self.found.prerequisites]
        rest = self.flag.prerequisites[len(checked) :]
        unseen = [Wait(one.flag, listed(one.variants, last=_("or")), not_reached(), "") for one in rest]
        unmet, met = Pill("warn", _("not met")), Pill("on", _("met"))
        stage = self._stage(WAITS, _("Waits for other flags"), unmet, met)
        return Stage(stage.title, stage.pill, stage.decides, waits=(*checked, *unseen))

    def _users(self) -> Stage:
        none = Pill("off", _("not named"))
        note = self._override_note() if self.last >= USERS else ""
        return self._stage(USERS, _("Individual users"), Pill("on", _("named")), none, *filter(None, [note]))

    def _override_note(self) -> str:
        unit, decided = self.found.unit, self.found.override
        if decided is not None:
            words = _("%(user)s gets %(variant)s whatever the rules say, %(until)s.")
            return words % {"user": unit, "variant": decided.variant, "until": until(decided.expires_at)}
        for one in self.flag.overrides:
            if unit in one.targeting_keys and one.expires_at and is_past(one.expires_at, self.at.timestamp()):
                words = _("An override for %(user)s to %(variant)s expired at %(at)s.")
                return words % {"user": unit, "variant": one.variant, "at": moment(one.expires_at)}
        count = sum(len(one.targeting_keys) for one in self.flag.overrides)
        words = ngettext("%(count)d user has an override.", "%(count)d users have overrides.", count)
        return words % {"count": count}

    def _rules(self) -> Iterator[Stage]:
        tree = Tree(self.found)
        for number, check in enumerate(self.found.rules, 1):
            yield self._rule(number, check, tree)
        for number, rule in enumerate(self.found.not_reached, len(self.found.rules) + 1):
            yield Stage(_rule_title(number, rule), not_reached(), decides=False, notes=(rule_sentence(rule),))

    def _rule(self, number: int, check: RuleCheck, tree: Tree) -> Stage:
        rule, serve = check.rule, check.rule.serve
        notes = [self._window(rule.window)] if rule.window else []
        if check.check is None:
            notes.append(_("It is for everyone."))
        if check.matched and isinstance(serve, Fixed):
            notes.append(_("It serves %(variant)s.") % {"variant": serve.variant})
        if check.matched and isinstance(serve, Split) and check.placement is None:
            notes.append(_("It is split, %(serve)s, but the user cannot be placed.") % {"serve": serve_words(serve)})
        return Stage(
            _rule_title(number, rule),
            holds(check.matched),
            decides=check.matched,
            notes=tuple(notes),
            line=tree.line(check.check) if check.check else None,
            bucket=_bucket(check.placement, self.found.variant) if check.placement else None,
        )

    def _window(self, window: Window) -> str:
        at = self.at.timestamp()
        given = {"start": moment(window.starts_at), "end": moment(window.ends_at)}
        if window.starts_at and not is_past(window.starts_at, at):
            return _("It starts at %(start)s, which is later.") % given
        if is_past(window.ends_at, at):
            return _("It ended at %(end)s.") % given
        return (_("It is open until %(end)s.") if window.ends_at else _("It is open since %(start)s.")) % given

    def _rest(self) -> Stage:
        note = _("Everybody else gets %(variant)s.") % {"variant": self.flag.default_variant}
        title = _("No rule holds") if self.flag.rules else _("No rules")
        return self._stage(REST, title, Pill("on", _("so it is")), not_reached(), note)


def _rule_title(number: int, rule: Rule) -> str:
    return _("Rule %(number)d: %(id)s") % {"number": number, "id": rule.id}


def _wait(check: PrerequisiteCheck) -> Wait:
    pill = Pill("on", _("met")) if check.met else Pill("warn", _("not met"))
    said = _("there is no such flag")
    if check.explanation:
        said = _("it serves %(sentence)s") % {"sentence": sentence(check.explanation)}
    wanted = listed(check.prerequisite.variants, last=_("or"))
    return Wait(check.prerequisite.flag, wanted, pill, said)


def _bucket(placement: Placement, variant: str | None) -> Bucket:
    shares = [share for share in placement.shares if share.end > share.first]
    words = _("The bucket of %(user)s is %(bucket)s: that is within the share of %(variant)s.")
    text = words % {"user": placement.unit, "bucket": percent(placement.bucket), "variant": variant}
    weights = [share.end - share.first for share in shares]
    return Bucket(
        svg.placed(weights, placement.bucket, label=text),
        text,
        tuple((one.variant, _range(one.first, one.end), one.variant == variant) for one in shares),
    )


def _range(first: int, end: int) -> str:
    return _("%(first)s to %(end)s") % {"first": percent(first), "end": percent(end)}
