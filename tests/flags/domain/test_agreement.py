"""The compiled path answers what the plain reading of the rules answers, whatever JSON the context carries."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.flags.domain.engine.compiler import CompiledRuleset, compile_ruleset
from apps.flags.domain.engine.definitions import Ruleset
from apps.flags.domain.engine.explain import explain, world
from apps.flags.domain.engine.explanation import Cause, Explanation
from apps.flags.domain.engine.outcome import Outcome, Reason
from tests.flags.domain.build import NOW
from tests.flags.domain.strategies import contexts, flags, rulesets
from tests.scale import scaled

Context = dict[str, object]
Answer = tuple[object, ...]
many_contexts = st.lists(contexts, min_size=1, max_size=5)


def answer(of: Outcome | Explanation) -> Answer:
    """repr tells 1 from 1.0 and from True."""
    return of.key, repr(of.value), of.variant, of.reason, of.error_code, of.error_details


def rule_of(explanation: Explanation) -> str | None:
    decided_by_rule = explanation.cause is Cause.RULE and explanation.reason is not Reason.ERROR
    return explanation.rules[-1].rule.id if decided_by_rule else None


def all_answers(compiled: CompiledRuleset, context: Context) -> list[Answer]:
    return [(*answer(one), one.metadata, one.fragment) for one in compiled.evaluate_all(context, NOW)]


@pytest.mark.prove
@settings(max_examples=scaled(short=250, long=40_000), deadline=None)
@given(rulesets(), many_contexts)
def test_compiled_answers_what_explain_answers(ruleset: Ruleset, asked: list[Context]) -> None:
    compiled, among = compile_ruleset(ruleset), world(ruleset.flags, ruleset.segments)
    for context in asked:
        for flag in ruleset.flags:
            outcome = compiled.evaluate(flag.key, context, NOW)
            explanation = explain(flag, among, context, NOW)
            assert outcome is not None
            assert answer(outcome) == answer(explanation)
            assert outcome.metadata.get("ruleId") == rule_of(explanation)


@settings(max_examples=120, deadline=None)
@given(rulesets(), many_contexts)
def test_all_flags_at_once_answer_what_each_answers_alone(ruleset: Ruleset, asked: list[Context]) -> None:
    compiled = compile_ruleset(ruleset)
    for context in asked:
        alone = [compiled.evaluate(flag.key, context, NOW) for flag in ruleset.flags]
        exposed = [one for one, flag in zip(alone, ruleset.flags, strict=True) if flag.client_exposed and one]
        assert compiled.evaluate_all(context, NOW) == alone
        assert compiled.evaluate_all(context, NOW, client_only=True) == exposed
        outcomes, body = compiled.answer_all(context, NOW)
        assert outcomes == alone
        assert body == b"[" + b",".join(one.fragment for one in outcomes) + b"]"
        assert [item["key"] for item in orjson.loads(body)] == [flag.key for flag in ruleset.flags]


@settings(max_examples=100, deadline=None)
@given(rulesets(), st.data(), many_contexts)
def test_replacing_flags_equals_compiling_anew(ruleset: Ruleset, data: st.DataObject, asked: list[Context]) -> None:
    changed = [data.draw(flags(key)) for key in data.draw(st.sets(st.sampled_from(["flag-0", "flag-2", "new"])))]
    removed = data.draw(st.sets(st.sampled_from(["flag-1", "flag-3"])))
    segments = data.draw(st.sampled_from([None, (), ruleset.segments[:1]]))
    replaced = compile_ruleset(ruleset).replace(99, changed, segments, removed)

    merged = {flag.key: flag for flag in (*ruleset.flags, *changed) if flag.key not in removed}
    left = ruleset.segments if segments is None else segments
    fresh = compile_ruleset(Ruleset(99, tuple(merged.values()), left))
    assert replaced.version == 99
    assert replaced.flags == fresh.flags
    for context in asked:
        assert all_answers(replaced, context) == all_answers(fresh, context)


@settings(max_examples=100, deadline=None)
@given(rulesets(), contexts)
def test_a_second_answer_is_the_same_object(ruleset: Ruleset, context: Context) -> None:
    compiled = compile_ruleset(ruleset)
    for first, second in zip(compiled.evaluate_all(context, NOW), compiled.evaluate_all(context, NOW), strict=True):
        assert first is second
