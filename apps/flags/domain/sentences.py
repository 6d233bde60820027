"""An explanation in one English sentence, for pages and support. The facts come from engine/explain.py."""

from .engine.definitions import All, Any, In, InSegment, Not, Nothing
from .engine.explain import Cause, Check, Explanation, Placement, RuleCheck
from .engine.text import percent

_MAX_NAMED = 3  # values spelled out before a list is cut short


def sentence(explanation: Explanation) -> str:
    """As in "off, because bucket 74.21 % falls outside the 25 % that get on"."""
    if explanation.variant is None:
        return f"the code default, because {explanation.error_details}"
    return f"{explanation.variant}, because {_because(explanation)}"


def _because(explanation: Explanation) -> str:
    match explanation.cause:
        case Cause.KILLED:
            return "the flag was killed"
        case Cause.OFF:
            return "the flag is off"
        case Cause.LOCKED:
            lock = explanation.flag.lock
            return f"the value is locked by {lock.source if lock else 'the environment'}"
        case Cause.RULE:
            return _rule(explanation, explanation.rules[-1])
        case Cause.NO_RULES:
            return "the flag is on and has no rules"
        case _:
            return "no rule matched"


def _rule(explanation: Explanation, last: RuleCheck) -> str:
    if last.placement is not None:
        return _placement(last.placement, explanation.variant)
    if last.check is None:
        return f"rule {last.rule.id} is for everyone"
    return _check(last.check, explanation.unit or "the user")


def _placement(placement: Placement, variant: str | None) -> str:
    """Two shares are told by the first one's size, more by the range that was hit."""
    at = f"bucket {percent(placement.bucket)} falls"
    shares = [share for share in placement.shares if share.end > share.first]
    hit = next(share for share in shares if share.variant == variant)
    if hit.first == 0:
        return f"{at} within the {percent(hit.end)} that get {variant}"
    if len(shares) == 2:
        return f"{at} outside the {percent(shares[0].end)} that get {shares[0].variant}"
    return f"{at} between {percent(hit.first)} and {percent(hit.end)}"


def _check(check: Check, who: str) -> str:
    """Why a matched condition holds."""
    match check.condition:
        case InSegment():
            return f"{who} is a member of {_listed(check.actual)}"
        case In(path):
            return f"{'.'.join(path)} is {_listed(check.actual)}"
        case All():
            return " and ".join(_check(item, who) for item in check.items)
        case Any():
            return _check(next(item for item in check.items if item.matched), who)
        case Not() | Nothing():
            return " and ".join(_refusal(item, who) for item in check.items)


def _refusal(check: Check, who: str) -> str:
    """Why a condition that had to fail did fail."""
    match check.condition:
        case InSegment(keys):
            return f"{who} is not a member of {_listed(keys)}"
        case In(path, values):
            return f"{'.'.join(path)} is not {_listed(values)}"
        case Not():
            return _check(check.items[0], who)
        case Nothing():
            return _check(next(item for item in check.items if item.matched), who)
        case All() | Any():
            return " and ".join(_refusal(item, who) for item in check.items if not item.matched)


def _listed(values: object) -> str:
    if not isinstance(values, list | tuple):
        return str(values)
    named = [str(value) for value in values[:_MAX_NAMED]]
    return ", ".join([*named, f"{len(values) - _MAX_NAMED} more"] if len(values) > _MAX_NAMED else named)
