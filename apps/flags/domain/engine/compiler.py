"""A ruleset that answers requests: immutable, swapped as a whole, the next built from it and what changed.
How conditions become facts is in facts.py, how facts become answers in plans.py."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .branches import Branches, prepare
from .definitions import Flag, Ruleset, Segment, by_key
from .facts import Context
from .outcome import Outcome
from .plans import BulkPlans, Evaluator, evaluator


@dataclass(frozen=True, slots=True, eq=False)
class CompiledFlag:
    """One flag on its own. `evaluate(context)` gives its outcome and never raises on JSON contexts."""

    flag: Flag
    branches: Branches
    evaluate: Evaluator


def compile_flag(flag: Flag, segments: Mapping[str, Segment]) -> CompiledFlag:
    branches = prepare(flag)
    return CompiledFlag(flag, branches, evaluator(branches, segments))


def _relink(compiled: CompiledFlag, segments: Mapping[str, Segment]) -> CompiledFlag:
    """The same prepared answers over other segments."""
    return CompiledFlag(compiled.flag, compiled.branches, evaluator(compiled.branches, segments))


class CompiledRuleset:
    """Answers for all flags of one environment. Safe to share between threads."""

    def __init__(self, version: int, flags: Iterable[CompiledFlag], segments: tuple[Segment, ...]) -> None:
        self.version = version
        self.segments = segments
        self._flags = {one.flag.key: one for one in flags}
        self._evaluators = {key: one.evaluate for key, one in self._flags.items()}
        known = by_key(segments)
        exposed = [one.branches for one in self._flags.values() if one.flag.client_exposed]
        self._all = BulkPlans([one.branches for one in self._flags.values()], known)
        self._exposed = self._all if len(exposed) == len(self._flags) else BulkPlans(exposed, known)

    def flag(self, key: str) -> Flag | None:
        found = self._flags.get(key)
        return None if found is None else found.flag

    @property
    def flags(self) -> tuple[Flag, ...]:
        return tuple(one.flag for one in self._flags.values())

    def evaluate(self, key: str, context: Context) -> Outcome | None:
        """The flag's outcome for a context that passed `check_context`; None when there is no such flag."""
        found = self._evaluators.get(key)
        return None if found is None else found(context)

    def evaluate_all(self, context: Context, *, client_only: bool = False) -> list[Outcome]:
        """Every flag's outcome, in the order of the ruleset; only the exposed flags when `client_only`."""
        return (self._exposed if client_only else self._all).outcomes(context)

    def answer_all(self, context: Context, *, client_only: bool = False) -> tuple[list[Outcome], bytes]:
        """The same outcomes, and with them OFREP's `flags` array as finished JSON."""
        return (self._exposed if client_only else self._all).answer(context)

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
