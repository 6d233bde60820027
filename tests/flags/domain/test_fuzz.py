"""Whatever JSON comes as a definition or a context is taken or refused clearly, and what is taken answers by the book.

5,000 pairs of a ruleset and a context in the suite, 200,000 in `make prove`, from fixed seeds.
"""

import json
import random
from typing import Any

import orjson
import pytest

from apps.flags.domain.engine.compiler import compile_ruleset
from apps.flags.domain.engine.context import InvalidContext, check_context
from apps.flags.domain.engine.definitions import FlagStatus, InvalidDefinition, Ruleset, Segment
from apps.flags.domain.engine.explain import explain, world
from apps.flags.domain.engine.parsing import (
    OPERATORS,
    dump_condition,
    dump_overrides,
    dump_prerequisites,
    dump_rules,
    parse_condition,
    parse_overrides,
    parse_prerequisites,
    parse_rules,
)
from apps.flags.domain.sentences import sentence
from tests.flags.domain.build import NOW, flag
from tests.scale import scaled

PAIRS, CONTEXTS = scaled(short=5_000, long=200_000), 10
Raw = Any

TEXTS = [
    "",
    "US",
    "u-1",
    "é",
    "\ud800",
    "\0",
    "beta",
    "1.2.3",
    "10.0.0.1",
    "2026-01-05",
    "x" * 2_000,
    "[a-z]+$",
    "(",
    "7",
]
NUMBERS = [0, 1, -1, 1.5, 2**53, 2**63, 10**400, 1e308, float("inf"), float("nan"), NOW, NOW * 1_000]
NAMES = ["country", "targetingKey", "groups", "plan", "a.b", "", "\ud800"]


class Dice(random.Random):
    def scalar(self) -> Raw:
        return self.choice([self.choice(TEXTS), self.choice(NUMBERS), True, False, None])

    def value(self, depth: int = 3) -> Raw:
        """Any JSON, and at times a little more."""
        kind = self.random()
        if depth == 0 or kind < 0.6:
            return self.scalar()
        if kind < 0.8:
            return [self.value(depth - 1) for _ in range(self.randrange(4))]
        return {self.choice(NAMES): self.value(depth - 1) for _ in range(self.randrange(4))}

    def deep(self) -> Raw:
        found: Raw = self.scalar()
        for _ in range(self.randrange(1, 400)):
            found = [found] if self.random() < 0.5 else {"country": found}
        return found

    def context(self) -> Raw:
        if self.random() < 0.05:
            return self.choice([self.deep(), self.value(), {"targetingKey": self.deep()}, {"x": "y" * 70_000}])
        context = {name: self.value() for name in NAMES if self.random() < 0.5}
        return context | {"targetingKey": self.choice(["u-1", "u-2", 7, *TEXTS, self.value()])}

    def maybe(self, right: Raw, chance: float = 0.02) -> Raw:
        """Mostly what belongs here."""
        return self.value() if self.random() < chance else right

    def condition(self, depth: int = 3) -> Raw:
        kind = self.random()
        if depth and kind < 0.3:
            items = [self.condition(depth - 1) for _ in range(self.randrange(1, 4))]
            return {self.choice(["all", "any", "none"]): self.maybe(items)}
        if depth and kind < 0.4:
            return {"not": self.condition(depth - 1)}
        if kind < 0.5:
            return {"segment": self.maybe([self.choice(["beta", "staff", "gone", "all"])])}
        return self.maybe(self.comparison())

    def comparison(self) -> Raw:
        operator = self.choice(OPERATORS)
        found = {
            "attr": self.maybe([self.choice(NAMES[:5])]),
            "op": operator,
            "value": self.maybe(self.operand(operator), 0.1),
        }
        for policy in ("ignore_case", "if_missing"):
            if self.random() < 0.1:
                found[policy] = self.maybe(True)
        if operator == "exists":
            del found["value"]
        return found

    def operand(self, operator: str) -> Raw:
        if operator in ("in", "has_all"):
            return [self.scalar() for _ in range(self.randrange(1, 4))]
        if operator in ("starts_with", "ends_with", "contains"):
            return [self.choice(TEXTS)]
        if operator in ("between", "size"):
            return sorted([self.randrange(5), self.randrange(5)])
        if operator.startswith("semver"):
            return self.choice(["1.2.3", "1.2.3-beta.1", "2.0.0"])
        return {
            "cidr": ["10.0.0.0/8", "::/0"],
            "regex": self.choice(TEXTS),
            "before": "2026-01-05",
            "after": "2026-01-05",
        }.get(operator, self.choice([1, 60, 1.5]))

    def rule(self, number: int) -> Raw:
        low = self.randrange(100_001)
        split = {"split": [["on", low], ["off", 100_000 - low]], "by": self.maybe([self.choice(NAMES[:4])])}
        found = {
            "id": f"r{number}",
            "when": self.choice([None, self.condition(), self.condition()]),
            "serve": self.maybe(self.choice([{"variant": "on"}, split])),
        }
        if self.random() < 0.1:
            found["window"] = {"starts_at": self.maybe("2026-01-05T08:00:00Z"), "ends_at": self.maybe(None)}
        return self.maybe(found)


def taken(parse: Any, dump: Any, raw: Raw, otherwise: Any) -> Any:
    """What was read, written and read again is the same; what is refused says where and why."""
    try:
        read = parse(raw)
    except InvalidDefinition as refused:
        told(refused.path, refused.message)
        return otherwise
    again = parse(json.loads(json.dumps(dump(read))))
    assert again == read
    return read


def told(*texts: str) -> None:
    """A refusal says something."""
    assert all(texts)


def ruleset(dice: Dice) -> Ruleset:
    rules = [taken(parse_rules, dump_rules, [dice.rule(n) for n in range(dice.randrange(4))], ()) for _ in range(3)]
    users = [dice.choice(["u-1", "u-2", "7"])]
    override = {"variant": "on", "targeting_keys": dice.maybe(users), "expires_at": dice.maybe(None)}
    overrides = taken(parse_overrides, dump_overrides, dice.choice([[], [override]]), ())
    needed = [{"flag": dice.choice(["f0", "f1", "f2", "gone"]), "variants": dice.maybe(["on"])}]
    waits = taken(parse_prerequisites, dump_prerequisites, dice.choice([[], [], needed]), ())
    flags = (
        flag(*rules[0], key="f0", overrides=overrides),
        flag(*rules[1], key="f1", prerequisites=waits),
        flag(*rules[2], key="f2", status=dice.choice(list(FlagStatus))),
    )
    whens = [taken(parse_condition, dump_condition, dice.choice([None, dice.condition()]), None) for _ in range(2)]
    segments = (Segment("beta", frozenset({"u-1"}), whens[0]), Segment("staff", frozenset(), whens[1]))
    return Ruleset(1, flags, segments)


@pytest.mark.prove
@pytest.mark.parametrize("part", range(10))
def test_hostile_definitions_and_contexts(part: int) -> None:
    for seed in range(PAIRS // CONTEXTS // 10):
        dice = Dice(seed * 10 + part)
        asked = ruleset(dice)
        compiled, among = compile_ruleset(asked), world(asked.flags, asked.segments)
        for _ in range(CONTEXTS):
            raw = dice.context()
            try:
                context = check_context(raw)
            except InvalidContext as refused:
                told(refused.details)
                continue
            at = NOW + dice.choice([-1e9, -1, 0, 1e9])
            outcomes, body = compiled.answer_all(context, at)
            assert [one["key"] for one in orjson.loads(body)] == ["f0", "f1", "f2"]
            for one, outcome in zip(asked.flags, outcomes, strict=True):
                by_the_book = explain(one, among, context, at)
                assert (by_the_book.variant, by_the_book.reason, by_the_book.error_details) == (
                    outcome.variant,
                    outcome.reason,
                    outcome.error_details,
                )
                assert compiled.evaluate(one.key, context, at) is outcome
                assert sentence(by_the_book)
