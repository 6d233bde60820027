"""States, audiences and rules in words for people. Reads engine values, asks no database."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.pages import Pill
from apps.flags.domain.audience import Audience, from_rules, main_variant
from apps.flags.domain.engine.branches import unit_paths
from apps.flags.domain.engine.definitions import (
    All,
    Compare,
    Condition,
    Fixed,
    Flag,
    FlagStatus,
    In,
    InSegment,
    InvalidDefinition,
    Not,
    Nothing,
    Rule,
    Serve,
    Split,
    Window,
)
from apps.flags.domain.engine.definitions import Any as AnyOf
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.engine.text import percent
from apps.flags.domain.wording import criterion

MAX_LISTED = 5


def pill(flag: Flag | None) -> Pill:
    """What one environment does with the flag; None is a flag whose rules cannot be read."""
    if flag is None:
        return Pill("warn", _("Unreadable"))
    if flag.status is FlagStatus.KILLED:
        return Pill("killed", _("Killed"))
    if flag.lock is not None:
        return Pill("locked", _("Locked: %(variant)s") % {"variant": flag.lock.variant})
    if flag.status is FlagStatus.OFF:
        return Pill("off", _("Off"))
    audience = from_rules(flag.rules, flag.default_variant)
    return Pill("on", _("On, own rules") if audience is None else _reach(flag, audience))


def _reach(flag: Flag, audience: Audience) -> str:
    main = main_variant(flag.type, flag.variants, flag.off_variant)
    groups = _short_groups(audience.groups)
    if len(flag.variants) == 2:
        share = audience.weight(main)
        if audience.whole == main:
            return _("On for %(groups)s") % {"groups": groups} if groups else _("On")
        words = _("On for %(share)s of %(groups)s") if groups else _("On for %(share)s")
        return words % {"share": percent(share), "groups": groups}
    if audience.whole:
        words = _("On: %(variant)s for %(groups)s") if groups else _("On: %(variant)s")
        return words % {"variant": audience.whole, "groups": groups}
    words = _("On, split for %(groups)s") if groups else _("On, split")
    return words % {"groups": groups}


def _short_groups(groups: tuple[str, ...]) -> str:
    if len(groups) < 2:
        return "".join(groups)
    return ngettext("%(count)d group", "%(count)d groups", len(groups)) % {"count": len(groups)}


def audience_words(audience: Audience) -> str:
    """As in "25 % on, 75 % off" or "beta-testers: on; everybody else: off"."""
    shares = ", ".join(f"{percent(weight)} {variant}" for variant, weight in audience.weights)
    shares = audience.whole or shares
    if not audience.groups:
        return _("Everyone: %(shares)s") % {"shares": shares}
    words = _("%(groups)s: %(shares)s; everybody else: %(others)s")
    return words % {"groups": listed(audience.groups), "shares": shares, "others": audience.others}


def rule_sentence(rule: Rule) -> str:
    served = _rule_without_window(rule)
    return served if rule.window is None else _within(served, rule.window)


def _rule_without_window(rule: Rule) -> str:
    serve = serve_words(rule.serve)
    if rule.when is None:
        return _("Everyone gets %(serve)s") % {"serve": serve}
    return _("If %(condition)s, serve %(serve)s") % {"condition": condition_words(rule.when), "serve": serve}


def _within(served: str, window: Window) -> str:
    names = {"served": served, "start": _minute(window.starts_at), "end": _minute(window.ends_at)}
    if window.ends_at is None:
        return _("%(served)s; from %(start)s UTC on") % names
    if window.starts_at is None:
        return _("%(served)s; until %(end)s UTC") % names
    return _("%(served)s; from %(start)s until %(end)s UTC") % names


def _minute(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"


def serve_words(serve: Serve) -> str:
    if isinstance(serve, Fixed):
        return serve.variant
    shares = ", ".join(f"{percent(weight)} {variant}" for variant, weight in serve.weights)
    if serve == Split(serve.weights):
        return shares
    by = [".".join(path) for path in unit_paths(serve)]
    return _("%(shares)s (by %(attributes)s)") % {"shares": shares, "attributes": listed(by, last=_("or"))}


def raw_sentences(raw: object) -> list[str]:
    """A sentence for each rule that can be read, an empty text for each that cannot yet."""
    return [_raw_sentence(one) for one in raw] if isinstance(raw, list) else []


def _raw_sentence(raw: object) -> str:
    try:
        return rule_sentence(parse_rules([raw])[0])
    except InvalidDefinition:
        return ""


def condition_words(condition: Condition) -> str:
    match condition:
        case InSegment(keys):
            return _("the user is in %(groups)s") % {"groups": listed(keys, last=_("or"))}
        case In() | Compare():
            return criterion(condition)
        case Not(item):
            return _opposite(item)
        case All(items):
            return _joined(items, _("and"))
        case AnyOf(items):
            return _joined(items, _("or"))
        case Nothing(items):
            return _("none of (%(conditions)s) hold") % {"conditions": _joined(items, _("or"))}


def _opposite(condition: Condition) -> str:
    if isinstance(condition, In | Compare):
        return criterion(condition, negated=True)
    if isinstance(condition, InSegment):
        return _("the user is not in %(groups)s") % {"groups": listed(condition.keys, last=_("or"))}
    return _("not (%(condition)s)") % {"condition": condition_words(condition)}


def _joined(items: Iterable[Condition], word: str) -> str:
    texts = [condition_words(item) for item in items]
    return texts[0] if len(texts) == 1 else f" {word} ".join(f"({text})" for text in texts)


def listed(words: Iterable[str], *, last: str = "") -> str:
    """ "a, b and c", cut short when long."""
    given = list(words)
    if len(given) > MAX_LISTED:
        given = [*given[: MAX_LISTED - 1], _("%(count)d more") % {"count": len(given) - MAX_LISTED + 1}]
    if len(given) < 2:
        return "".join(given)
    return f"{', '.join(given[:-1])} {last or _('and')} {given[-1]}"


def status_words(definition: Mapping[str, Any]) -> str:
    return {"on": _("On"), "off": _("Off"), "killed": _("Killed")}[definition["status"]]


def serving_lines(definition: Mapping[str, Any]) -> list[str]:
    """Who gets what while the flag is on, a line for each rule."""
    try:
        rules = parse_rules(definition["rules"])
    except InvalidDefinition:
        return [compact(definition["rules"])]
    audience = from_rules(rules, definition["default_variant"])
    if audience is not None:
        return [audience_words(audience)]
    rest = _("Otherwise serve %(variant)s") % {"variant": definition["default_variant"]}
    return [*map(rule_sentence, rules), rest]


def compact(value: object) -> str:
    """JSON on one line, cut to what a line can hold."""
    text = orjson.dumps(value).decode()
    return text if len(text) <= 200 else f"{text[:199]}…"
