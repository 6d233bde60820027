"""One flag evaluated alone, and what bulk answers share with it: what facts pick, how a split is drawn."""

from bisect import bisect_right
from collections.abc import Callable, Mapping

import mmh3

from .attributes import Facts
from .branches import BY_TARGETING_KEY, Answer, Branches, Draw
from .context import TARGETING_KEY, InvalidContext, encode_unit, read_unit, unit_at
from .definitions import Path, Segment
from .facts import Context, FactTable, Predicate
from .outcome import Outcome

Evaluator = Callable[[Context, float], Outcome]  # (context, now in seconds since 1970)

_MAX_ANSWERS = 1_000  # remembered per flag, see plans.py

hash32 = mmh3.hash  # given bytes, see bucketing.digest


def evaluator(branches: Branches, segments: Mapping[str, Segment]) -> Evaluator:
    """The function that answers for one flag alone, its needs left aside."""
    if branches.overrides:
        return _with_overrides(branches.overrides, _by_rules(branches, segments))
    return _by_rules(branches, segments)


def _with_overrides(overrides: Mapping[str, tuple[float, Outcome]], by_rules: Evaluator) -> Evaluator:
    def evaluate(context: Context, at: float) -> Outcome:
        until, outcome = overrides.get(named(context), _NOBODY)
        return outcome if outcome is not None and at < until else by_rules(context, at)

    return evaluate


_NOBODY: tuple[float, Outcome | None] = (0.0, None)


def named(context: Context) -> str:
    """The targeting key as text; "", which no definition names, when there is none."""
    try:
        return read_unit(context.get(TARGETING_KEY))
    except InvalidContext:
        return ""


def _by_rules(branches: Branches, segments: Mapping[str, Segment]) -> Evaluator:
    if not branches.rules:
        constant = branches.otherwise
        return lambda context, at: constant
    table = FactTable(segments)
    rules, otherwise = cases(branches, table), branches.otherwise
    read = table.reader()
    answers: dict[Facts, Answer] = {}

    def evaluate(context: Context, at: float) -> Outcome:
        facts = read(context, at)
        answer = answers.get(facts)
        if answer is None:
            if len(answers) >= _MAX_ANSWERS:
                answers.clear()
            answers[facts] = answer = pick(rules, otherwise, facts)
        return answer if isinstance(answer, Outcome) else draw(answer, context)

    return evaluate


def cases(branches: Branches, table: FactTable) -> list[tuple[Predicate, Answer]]:
    return [(table.predicate(case.when, case.window), case.answer) for case in branches.rules]


def pick(rules: list[tuple[Predicate, Answer]], otherwise: Answer, facts: Facts) -> Answer:
    for holds, answer in rules:
        if holds(facts):
            return answer
    return otherwise


def draw(answer: Draw, context: Context) -> Outcome:
    """The choice that the context's unit falls on."""
    try:
        unit = drawn_unit(context, answer.by)
    except InvalidContext:
        return answer.invalid
    if unit is None:
        return answer.missing
    return answer.choices[bisect_right(answer.limits, hash32(answer.prefix + unit, 0, False))]


def drawn_unit(context: Context, by: tuple[Path, ...]) -> bytes | None:
    if by == BY_TARGETING_KEY:
        key = context.get(TARGETING_KEY)
        return None if key is None or key == "" else encode_unit(key)
    return unit_at(context, by)
