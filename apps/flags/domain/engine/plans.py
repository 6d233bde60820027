"""Many flags at once. A context is read once into facts (an int); equal facts have equal answers, so an answer is
looked up by that int, and only splits are left to draw. What the answers are is prepared in branches.py."""

# What a request costs. One flag: a dictionary lookup per attribute its rules read, one for the answer, and a
# hash if that is a split. All flags: a lookup per attribute that any rule reads, one for the plan, a copy of
# its list, and a hash per split open to this user. Conditions are walked only for facts not seen before. A flag that
# waits for another one costs a comparison more where that one is drawn.
#
# The memories below are caches of pure functions: threads may fill one twice, never wrongly. A full one is
# cleared, not aged: a ruleset sees few sets of facts, and a miss costs no more than an ordinary evaluation.

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from .attributes import Facts
from .branches import Answer, Branches, Draw
from .context import InvalidContext
from .definitions import Path, Segment
from .evaluators import cases, draw, drawn_unit, hash32, named, pick
from .facts import Context, FactTable
from .outcome import Outcome

_Hit = tuple[int, float, Outcome]  # an override: (place of the flag, until when, what is served)

_MAX_PLANNED = 50_000  # outcomes remembered in all plans together, some 150 bytes each
_MAX_MET = 10_000  # sets of facts met once


class Gate(NamedTuple):
    """The flag at `place` waits for others: for each, its place and the variants wanted of it."""

    place: int
    needs: tuple[tuple[int, frozenset[str]], ...]  # a place of -1 is a flag that does not exist
    blocked: Outcome


class _Group(NamedTuple):
    """Splits that tell users apart by the same attribute."""

    by: tuple[Path, ...]
    prefixes: tuple[bytes, ...]  # distinct, so that flags with one salt share one hash
    draws: tuple[tuple[int, int, Draw], ...]  # (place of the flag, which prefix, what to draw)


class _Plan(NamedTuple):
    """Everything the flags answer under one set of facts, with holes where it depends on the user's hashes."""

    outcomes: list[Outcome]
    pieces: list[bytes]  # JSON between the holes and, at odd places, the holes
    holes: tuple[int, ...]  # places of the flags shown that are filled per request
    groups: tuple[_Group, ...]
    gates: tuple[Gate, ...]  # each after those it waits for


class BulkPlans:
    """Answers for many flags at once. Of `flags`, the first `shown` are answered; others wait behind gates only.

    Most flags of a large ruleset have no rules and one answer: only those with rules are looked at per set of facts.
    """

    def __init__(
        self, flags: Sequence[Branches], segments: Mapping[str, Segment], gates: Sequence[Gate] = (), shown: int = -1
    ) -> None:
        table = FactTable(segments)
        self._constant: list[Answer] = [one.otherwise for one in flags]
        self._moving = [(place, cases(one, table)) for place, one in enumerate(flags) if one.rules]
        self._read = table.reader()
        self.is_timely = table.is_timely
        self._gates = gates
        self._shown = len(flags) if shown < 0 else shown
        self._overridden = _by_user(flags)
        self._plans: dict[Facts, _Plan] = {}
        self._met: set[Facts] = set()
        self._max_plans = max(8, _MAX_PLANNED // max(1, len(flags)))

    def outcomes(self, context: Context, at: float) -> list[Outcome]:
        facts = self._read(context, at)
        plan = self._plans.get(facts)
        hits = self._overrides_for(context)
        if hits or (plan is None and self._is_new(facts)):
            return self._once(facts, hits, context, at)[: self._shown]
        return _fill(plan or self._planned(facts), context)[: self._shown]

    def answer(self, context: Context, at: float) -> tuple[list[Outcome], bytes]:
        facts = self._read(context, at)
        plan = self._plans.get(facts)
        hits = self._overrides_for(context)
        if hits or (plan is None and self._is_new(facts)):
            found = self._once(facts, hits, context, at)[: self._shown]
            return found, b"[" + b",".join([one.fragment for one in found]) + b"]"
        plan = plan or self._planned(facts)
        found, pieces = _fill(plan, context), plan.pieces.copy()
        pieces[1::2] = [found[hole].fragment for hole in plan.holes]
        return found[: self._shown], b"".join(pieces)

    def _overrides_for(self, context: Context) -> Sequence[_Hit]:
        return self._overridden.get(named(context), ()) if self._overridden else ()

    def _is_new(self, facts: Facts) -> bool:
        """A plan costs more than the answer that it saves, so it is made when facts come up a second time."""
        if facts in self._met:
            return False
        if len(self._met) >= _MAX_MET:
            self._met.clear()
        self._met.add(facts)
        return True

    def _once(self, facts: Facts, hits: Iterable[_Hit], context: Context, at: float) -> list[Outcome]:
        """Without a plan: for facts not met before, and for users with overrides."""
        answers = self._answers(facts)
        for place, until, outcome in hits:
            if at < until:
                answers[place] = outcome
        found = [one if isinstance(one, Outcome) else draw(one, context) for one in answers]
        _close(self._gates, found)
        return found

    def _answers(self, facts: Facts) -> list[Answer]:
        answers = self._constant.copy()
        for place, rules in self._moving:
            answers[place] = pick(rules, answers[place], facts)
        return answers

    def _planned(self, facts: Facts) -> _Plan:
        if len(self._plans) >= self._max_plans:
            self._plans.clear()
        self._plans[facts] = plan = self._made(self._answers(facts))
        return plan

    def _made(self, answers: list[Answer]) -> _Plan:
        gates = _settle(answers, self._gates)
        draws = [(place, one) for place, _ in self._moving if isinstance(one := answers[place], Draw)]
        outcomes = cast(list[Outcome], answers)  # once the draws have made room
        for place, one in draws:
            outcomes[place] = one.choices[0]
        holes = sorted({place for place, _ in draws} | {gate.place for gate in gates})
        shown = tuple(hole for hole in holes if hole < self._shown)
        return _Plan(outcomes, _pieces(outcomes[: self._shown], shown), shown, _groups(draws), gates)


def _by_user(flags: Sequence[Branches]) -> Mapping[str, list[_Hit]]:
    found: defaultdict[str, list[_Hit]] = defaultdict(list)
    for place, one in enumerate(flags):
        for key, (until, outcome) in one.overrides.items():
            found[key].append((place, until, outcome))
    return dict(found)


def _settle(answers: list[Answer], gates: Iterable[Gate]) -> tuple[Gate, ...]:
    """Decides in `answers` what these facts decide, and returns the gates that stay open until the hashes are known."""
    open_gates: dict[int, Gate] = {}

    def is_known(place: int) -> bool:
        return isinstance(answers[place], Outcome) and place not in open_gates

    for gate in gates:
        if any(place < 0 or (is_known(place) and not _meets(answers[place], wanted)) for place, wanted in gate.needs):
            answers[gate.place] = gate.blocked
        elif not all(is_known(place) for place, _ in gate.needs):
            open_gates[gate.place] = gate
    return tuple(open_gates.values())


def _meets(answer: Answer, wanted: frozenset[str]) -> bool:
    return isinstance(answer, Outcome) and answer.variant in wanted


def _groups(draws: list[tuple[int, Draw]]) -> tuple[_Group, ...]:
    by_unit: defaultdict[tuple[Path, ...], list[tuple[int, Draw]]] = defaultdict(list)
    for place, one in draws:
        by_unit[one.by].append((place, one))
    groups = []
    for by, drawn in by_unit.items():
        prefixes: dict[bytes, int] = {}
        numbered = tuple((place, prefixes.setdefault(one.prefix, len(prefixes)), one) for place, one in drawn)
        groups.append(_Group(by, tuple(prefixes), numbered))
    return tuple(groups)


def _pieces(outcomes: list[Outcome], holes: tuple[int, ...]) -> list[bytes]:
    """The JSON array cut at the holes; an empty fragment beside a hole puts the comma there."""
    pieces: list[bytes] = []
    run: list[bytes] = []
    waiting = set(holes)
    for n, outcome in enumerate(outcomes):
        if n in waiting:
            pieces += [b",".join([*run, b""]), b""]
            run = [b""]
        else:
            run.append(outcome.fragment)
    pieces.append(b",".join(run) + b"]")
    pieces[0] = b"[" + pieces[0]
    return pieces


def _fill(plan: _Plan, context: Context) -> list[Outcome]:
    found = plan.outcomes.copy()
    for group in plan.groups:
        _draw_group(group, context, found)
    _close(plan.gates, found)
    return found


def _close(gates: Iterable[Gate], found: list[Outcome]) -> None:
    """Whatever waits for something else than what was found is blocked."""
    for place, needs, blocked in gates:
        for other, wanted in needs:
            if other < 0 or found[other].variant not in wanted:
                found[place] = blocked
                break


def _draw_group(group: _Group, context: Context, found: list[Outcome]) -> None:
    try:
        unit = drawn_unit(context, group.by)
    except InvalidContext:
        for place, _, one in group.draws:
            found[place] = one.invalid
        return
    if unit is None:
        for place, _, one in group.draws:
            found[place] = one.missing
        return
    hashes = [hash32(prefix + unit, 0, False) for prefix in group.prefixes]
    for place, n, one in group.draws:
        found[place] = one.choices[bisect_right(one.limits, hashes[n])]
