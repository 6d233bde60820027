"""An explanation in one English sentence, for pages and support. The facts come from engine/explain.py."""

from .engine.definitions import All, Any, Compare, In, InSegment, Not, Nothing
from .engine.explanation import Cause, Check, Explanation, Placement, PrerequisiteCheck, RuleCheck
from .engine.text import percent
from .wording import comparison, listed


def sentence(explanation: Explanation) -> str:
    """As in "off, because bucket 74.21 % falls outside the 25 % that get on"."""
    if explanation.variant is None:
        return f"the code default, because {explanation.error_details}"
    return f"{explanation.variant}, because {_because(explanation)}"


def _because(explanation: Explanation) -> str:
    match explanation.cause:
        case Cause.LOCKED:
            lock = explanation.flag.lock
            return f"the value is locked by {lock.source if lock else 'the environment'}"
        case Cause.PREREQUISITE:
            return _prerequisite(explanation.prerequisites[-1])
        case Cause.OVERRIDE:
            return f"there is an override for {explanation.unit}"
        case Cause.RULE:
            return _rule(explanation, explanation.rules[-1])
        case other:
            return _PLAIN[other]


_PLAIN = {
    Cause.KILLED: "the flag was killed",
    Cause.OFF: "the flag is off",
    Cause.NO_RULES: "the flag is on and has no rules",
    Cause.NO_MATCH: "no rule matched",
}


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
            return f"{who} is in {_listed(check.actual)}"
        case In(path):
            return _missing(path, check) or f"{'.'.join(path)} is {_listed(check.actual)}"
        case Compare(path) as condition:
            return _missing(path, check) or comparison(condition)
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
            return f"{who} is not in {listed(keys, last='or')}"
        case In(path) | Compare(path) as condition:
            return _missing(path, check) or comparison(condition, negated=True)
        case Not():
            return _check(check.items[0], who)
        case Nothing():
            return _check(next(item for item in check.items if item.matched), who)
        case All() | Any():
            return " and ".join(_refusal(item, who) for item in check.items if not item.matched)


def _missing(path: tuple[str, ...], check: Check) -> str:
    return f"{'.'.join(path)} is missing" if check.actual is None else ""


def _prerequisite(check: PrerequisiteCheck) -> str:
    wanted = listed(check.prerequisite.variants, last="or")
    if check.variant is None:
        return f"it waits for {check.prerequisite.flag} to serve {wanted}, which serves nothing"
    return f"it waits for {check.prerequisite.flag} to serve {wanted}, which serves {check.variant}"


def _listed(values: object) -> str:
    return listed(values, last="and") if isinstance(values, list | tuple) else str(values)
