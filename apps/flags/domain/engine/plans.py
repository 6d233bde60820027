"""The hot path. A context is read once into facts (an int); equal facts have equal answers, so an answer is
looked up by that int, and only splits are left to draw. What the answers are is prepared in branches.py."""

# What a request costs. One flag: a dictionary lookup per attribute its rules read, one for the answer, and a
# hash if that is a split. All flags: a lookup per attribute that any rule reads, one for the plan, a copy of
# its list, and a hash per split open to this user. Conditions are walked only for facts not seen before.
#
# The memories below are caches of pure functions: threads may fill one twice, never wrongly. A full one is
# cleared, not aged: a ruleset sees few sets of facts, and a miss costs no more than an ordinary evaluation.

from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import NamedTuple

import mmh3

from .branches import Answer, Branches, Draw
from .context import TARGETING_KEY, InvalidContext, encode_unit
from .definitions import Segment
from .facts import Context, Facts, FactTable, Predicate
from .outcome import Outcome

Evaluator = Callable[[Context], Outcome]

_MAX_ANSWERS = 1_000  # remembered per flag, evaluated alone
_MAX_PLANNED = 50_000  # outcomes remembered in all plans together, some 150 bytes each

_hash = mmh3.hash  # given bytes, see bucketing.digest


def evaluator(branches: Branches, segments: Mapping[str, Segment]) -> Evaluator:
    """The function that answers for one flag alone."""
    if not branches.rules:
        constant = branches.otherwise
        return lambda context: constant
    table = FactTable(segments)
    rules = [(table.predicate(when), answer) for when, answer in branches.rules]
    read, otherwise = table.reader(), branches.otherwise
    answers: dict[Facts, Answer] = {}

    def evaluate(context: Context) -> Outcome:
        facts = read(context)
        answer = answers.get(facts)
        if answer is None:
            if len(answers) >= _MAX_ANSWERS:
                answers.clear()
            answers[facts] = answer = _pick(rules, otherwise, facts)
        return answer if isinstance(answer, Outcome) else draw(answer, context)

    return evaluate


def _pick(rules: list[tuple[Predicate, Answer]], otherwise: Outcome, facts: Facts) -> Answer:
    for holds, answer in rules:
        if holds(facts):
            return answer
    return otherwise


def draw(answer: Draw, context: Context) -> Outcome:
    """The choice that the context's unit falls on."""
    try:
        unit = encode_unit(context.get(TARGETING_KEY))
    except InvalidContext as refused:
        return answer.errors[refused.code]
    return answer.choices[bisect_right(answer.limits, _hash(answer.prefix + unit, 0, False))]


class _Plan(NamedTuple):
    """Everything the flags answer under one set of facts, with holes where a split has to be drawn."""

    outcomes: list[Outcome]
    pieces: list[bytes]  # JSON between the holes and, at odd places, the holes
    holes: tuple[int, ...]  # where in outcomes
    prefixes: tuple[bytes, ...]  # distinct, so that flags with one salt share one hash
    draws: tuple[tuple[int, tuple[int, ...], tuple[Outcome, ...]], ...]  # (which prefix, limits, choices)
    splits: tuple[Draw, ...]


class BulkPlans:
    """Answers for many flags at once."""

    def __init__(self, flags: list[Branches], segments: Mapping[str, Segment]) -> None:
        table = FactTable(segments)
        self._flags = [
            ([(table.predicate(when), answer) for when, answer in one.rules], one.otherwise) for one in flags
        ]
        self._read = table.reader()
        self._plans: dict[Facts, _Plan] = {}
        self._max_plans = max(8, _MAX_PLANNED // max(1, len(flags)))

    def outcomes(self, context: Context) -> list[Outcome]:
        plan = self._plan(context)
        found = plan.outcomes.copy()
        if plan.holes:
            for hole, outcome in zip(plan.holes, _draw_all(plan, context), strict=True):
                found[hole] = outcome
        return found

    def answer(self, context: Context) -> tuple[list[Outcome], bytes]:
        plan = self._plan(context)
        found, pieces = plan.outcomes.copy(), plan.pieces.copy()
        if plan.holes:
            drawn = _draw_all(plan, context)
            pieces[1::2] = [outcome.fragment for outcome in drawn]
            for hole, outcome in zip(plan.holes, drawn, strict=True):
                found[hole] = outcome
        return found, b"".join(pieces)

    def _plan(self, context: Context) -> _Plan:
        facts = self._read(context)
        plan = self._plans.get(facts)
        if plan is None:
            if len(self._plans) >= self._max_plans:
                self._plans.clear()
            plan = _make_plan([_pick(rules, otherwise, facts) for rules, otherwise in self._flags])
            self._plans[facts] = plan
        return plan


def _make_plan(answers: list[Answer]) -> _Plan:
    outcomes: list[Outcome] = []
    splits: dict[int, Draw] = {}
    pieces: list[bytes] = []
    run: list[bytes] = []  # fragments since the last hole; an empty one puts a comma next to a hole
    for n, answer in enumerate(answers):
        if isinstance(answer, Outcome):
            outcomes.append(answer)
            run.append(answer.fragment)
        else:
            outcomes.append(answer.choices[0])
            splits[n] = answer
            pieces += [b",".join([*run, b""]), b""]
            run = [b""]
    pieces.append(b",".join(run) + b"]")
    pieces[0] = b"[" + pieces[0]
    prefixes: dict[bytes, int] = {}
    draws = tuple(
        (prefixes.setdefault(split.prefix, len(prefixes)), split.limits, split.choices) for split in splits.values()
    )
    return _Plan(outcomes, pieces, tuple(splits), tuple(prefixes), draws, tuple(splits.values()))


def _draw_all(plan: _Plan, context: Context) -> list[Outcome]:
    try:
        unit = encode_unit(context.get(TARGETING_KEY))
    except InvalidContext as refused:
        return [split.errors[refused.code] for split in plan.splits]
    hashes = [_hash(prefix + unit, 0, False) for prefix in plan.prefixes]
    return [choices[bisect_right(limits, hashes[n])] for n, limits, choices in plan.draws]
