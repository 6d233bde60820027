"""A ruleset that answers requests: immutable, swapped as a whole, the next built from it and what changed.
How conditions become facts is in facts.py, how facts become answers in evaluators.py and plans.py."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from .branches import Branches, prepare, unusable
from .definitions import Flag, Ruleset, Segment, by_key
from .evaluators import Evaluator, evaluator
from .facts import Context, window_edges
from .graph import Edges, find_cycle, in_order
from .outcome import Outcome
from .plans import BulkPlans, Gate

_DRIFT_SECONDS = 60  # how long an answer about ages ("older than 7 days") may be taken for unchanged


@dataclass(frozen=True, slots=True, eq=False)
class CompiledFlag:
    """One flag on its own. `evaluate(context, at)` gives its outcome and never raises on JSON contexts; what
    the flag needs of others is not looked at here."""

    flag: Flag
    branches: Branches
    evaluate: Evaluator


def compile_flag(flag: Flag, segments: Mapping[str, Segment]) -> CompiledFlag:
    branches = prepare(flag)
    return CompiledFlag(flag, branches, evaluator(branches, segments))


def _relink(compiled: CompiledFlag, segments: Mapping[str, Segment]) -> CompiledFlag:
    """The same prepared answers over other segments."""
    return replace(compiled, evaluate=evaluator(compiled.branches, segments))


class CompiledRuleset:
    """Answers for all flags of one environment. Safe to share between threads."""

    def __init__(self, version: int, flags: Iterable[CompiledFlag], segments: tuple[Segment, ...]) -> None:
        self.version = version
        self.segments = segments
        self._flags = {one.flag.key: one for one in flags}
        self._needs = needs = _needs(self._flags)
        self._usable = self._flags
        if needs:
            self._usable = {key: _outside_circles(one, needs) for key, one in self._flags.items()}
        self._evaluators = {key: one.evaluate for key, one in self._usable.items()}
        self._evaluators |= {key: _after_needs(key, needs, self._usable) for key in needs}
        self._edges = _edges(self._flags.values())

    @cached_property
    def _all(self) -> BulkPlans:
        """Built when the first client asks for all flags, so that a swap does not wait for it."""
        return _bulk(list(self._usable), self._usable, self._needs, by_key(self.segments))

    @cached_property
    def _exposed(self) -> BulkPlans:
        exposed = [key for key, one in self._usable.items() if one.flag.client_exposed]
        if len(exposed) == len(self._usable):
            return self._all
        return _bulk(exposed, self._usable, self._needs, by_key(self.segments))

    def flag(self, key: str) -> Flag | None:
        found = self._flags.get(key)
        return None if found is None else found.flag

    @property
    def flags(self) -> tuple[Flag, ...]:
        return tuple(one.flag for one in self._flags.values())

    def evaluate(self, key: str, context: Context, at: float) -> Outcome | None:
        """The flag's outcome for a context that passed `check_context`; None when there is no such flag.

        `at` is now, in seconds since 1970.
        """
        found = self._evaluators.get(key)
        return None if found is None else found(context, at)

    def evaluate_all(self, context: Context, at: float, *, client_only: bool = False) -> list[Outcome]:
        """Every flag's outcome, in the order of the ruleset; only the exposed flags when `client_only`."""
        return (self._exposed if client_only else self._all).outcomes(context, at)

    def answer_all(self, context: Context, at: float, *, client_only: bool = False) -> tuple[list[Outcome], bytes]:
        """The same outcomes, and with them OFREP's `flags` array as finished JSON."""
        return (self._exposed if client_only else self._all).answer(context, at)

    def period(self, at: float) -> int:
        """A number that moves whenever a window opens or closes or an override expires."""
        return bisect_right(self._edges, at)

    def moment(self, at: float) -> int:
        """A number that moves whenever the same context may get another answer only because time has passed:
        with the period and, where rules ask for ages, with every minute."""
        drift = int(at // _DRIFT_SECONDS) if self._all.is_timely else 0
        return drift * (len(self._edges) + 1) + self.period(at)

    def replace(
        self,
        version: int,
        changed: Iterable[Flag],
        segments: tuple[Segment, ...] | None = None,
        removed: Iterable[str] = (),
    ) -> "CompiledRuleset":
        """The next ruleset: `changed` flags come in or replace their predecessor, `removed` keys go.

        `segments` are all segments of the new version, None when they stay as they are. Flags that did
        not change keep their prepared answers.
        """
        known = by_key(self.segments if segments is None else segments)
        kept = self._flags if segments is None else {k: _relink(one, known) for k, one in self._flags.items()}
        fresh = {flag.key: compile_flag(flag, known) for flag in changed}
        gone = set(removed)
        merged = [one for key, one in {**kept, **fresh}.items() if key not in gone]
        return CompiledRuleset(version, merged, self.segments if segments is None else segments)


def compile_ruleset(ruleset: Ruleset) -> CompiledRuleset:
    """Prepares every flag. An invalid flag answers PARSE_ERROR and leaves the others alone."""
    segments = by_key(ruleset.segments)
    compiled = [compile_flag(flag, segments) for flag in ruleset.flags]
    return CompiledRuleset(ruleset.version, compiled, ruleset.segments)


def _needs(flags: Mapping[str, CompiledFlag]) -> Edges:
    """Each flag that waits for others, with those it waits for and that exist."""
    return {
        key: [need.flag for need in one.branches.needs if need.flag in flags]
        for key, one in flags.items()
        if one.branches.needs
    }


def _outside_circles(compiled: CompiledFlag, needs: Edges) -> CompiledFlag:
    """Saving refuses circles, so none is expected; a flag that leads into one all the same answers an error."""
    circle = find_cycle(needs, compiled.flag.key)
    if not circle:
        return compiled
    branches = unusable(compiled.flag.key, circle_words(circle))
    return CompiledFlag(compiled.flag, branches, evaluator(branches, {}))


def circle_words(circle: Iterable[str]) -> str:
    return f"prerequisites: form a circle: {' → '.join(circle)}"


def _after_needs(key: str, needs: Edges, flags: Mapping[str, CompiledFlag]) -> Evaluator:
    """Evaluates all that the flag waits for, directly or not, each once and before what waits for it."""
    if not flags[key].branches.needs:  # it leads into a circle
        return flags[key].evaluate
    ordered = [(one, flags[one].evaluate, flags[one].branches) for one in in_order(needs, key)]

    def evaluate(context: Context, at: float) -> Outcome:
        served: dict[str, str | None] = {}
        for one, own, branches in ordered:
            met = all(served.get(need.flag) in need.variants for need in branches.needs)
            outcome = own(context, at) if met or branches.blocked is None else branches.blocked
            served[one] = outcome.variant
        return outcome

    return evaluate


def _bulk(
    shown: list[str], flags: Mapping[str, CompiledFlag], needs: Edges, segments: Mapping[str, Segment]
) -> BulkPlans:
    """Plans for these flags; those they wait for come along unseen."""
    waiting = [key for key in shown if flags[key].branches.needs]
    ordered = dict.fromkeys(one for key in waiting for one in in_order(needs, key))
    places = {key: place for place, key in enumerate(dict.fromkeys([*shown, *ordered]))}
    gates = [_gate(flags[key].branches, places, key) for key in ordered if flags[key].branches.needs]
    return BulkPlans([flags[key].branches for key in places], segments, gates, len(shown))


def _gate(branches: Branches, places: Mapping[str, int], key: str) -> Gate:
    needs = tuple((places.get(need.flag, -1), need.variants) for need in branches.needs)
    return Gate(places[key], needs, branches.blocked or branches.otherwise)


def _edges(flags: Iterable[CompiledFlag]) -> list[float]:
    """When windows open or close and overrides expire, ascending."""
    moving = [one.branches for one in flags if one.branches.rules or one.branches.overrides]
    windows = {case.window for branches in moving for case in branches.rules if case.window is not None}
    expiries = {until for branches in moving for until, _ in branches.overrides.values() if until != float("inf")}
    return sorted({*window_edges(windows), *expiries})
