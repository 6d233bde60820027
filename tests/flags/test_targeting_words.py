"""Overrides and prerequisites in differences and lines of words."""

from typing import Any

import pytest

from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.pages.differences import differences
from apps.flags.pages.targeting import override_sides, override_words, prerequisite_words
from apps.flags.pages.words import condition_words

END = "2026-03-01T09:00:00+00:00"


def overrides(*given: tuple[str, list[str], str | None]) -> dict[str, Any]:
    return {
        "overrides": [{"variant": variant, "targeting_keys": keys, "expires_at": end} for variant, keys, end in given]
    }


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, "plan is free or pro"),
        ({"if_missing": True}, "plan is free or pro (also when missing)"),
        ({"if_missing": True, "ignore_case": True}, "plan is free or pro (any case) (also when missing)"),
    ],
)
def test_a_condition_says_when_a_missing_attribute_counts(condition: dict[str, bool], expected: str) -> None:
    raw = {"attr": ["plan"], "op": "in", "value": ["free", "pro"], **condition}
    rules = parse_rules([{"id": "r", "when": when, "serve": {"variant": "on"}} for when in (raw, {"not": raw})])
    plain, opposite = (condition_words(rule.when) for rule in rules if rule.when)
    assert plain == expected
    assert opposite == expected.replace("is free", "is not free").replace("also when", "not when")


def test_prerequisites_are_a_line_each() -> None:
    given = [{"flag": "base", "variants": ["on"]}, {"flag": "theme", "variants": ["red", "blue"]}]
    assert prerequisite_words({"prerequisites": given}) == ["base serves on", "theme serves red or blue"]


def test_a_version_from_before_there_were_any() -> None:
    assert (prerequisite_words({}), override_words({}), override_sides({}, {"overrides": None})) == ([], [], ("", ""))


def test_users_with_the_same_variant_and_end_share_a_line() -> None:
    given = overrides(("on", ["a", "b"], END), ("off", ["c"], None), ("on", ["d"], END))
    assert override_words(given) == ["on until 2026-03-01 09:00:00 UTC: a, b, d", "off without an end: c"]


def test_many_users_are_cut_short() -> None:
    assert override_words(overrides(("on", [f"u{n}" for n in range(12)], None))) == [
        "on without an end: u0, u1, u2, u3, u4, u5, u6, u7, u8, u9 and 2 more"
    ]


def test_a_difference_names_whom_it_is_about_even_among_many() -> None:
    before = overrides(("on", [f"u{n}" for n in range(50)], None))
    after = overrides(("on", [f"u{n}" for n in range(49)], None), ("off", ["new"], END))
    assert override_sides(before, after) == ("on without an end: u49", "off until 2026-03-01 09:00:00 UTC: new")


def test_another_end_is_a_difference_and_another_order_is_none() -> None:
    before = overrides(("on", ["a", "b"], END))
    assert override_sides(before, overrides(("on", ["b"], END), ("on", ["a"], END))) == ("", "")
    assert override_sides(before, overrides(("on", ["b"], None), ("on", ["a"], END))) == (
        "on until 2026-03-01 09:00:00 UTC: b",
        "on without an end: b",
    )


def test_both_are_parts_of_a_difference() -> None:
    serving: dict[str, Any] = {"status": "on", "rules": [], "default_variant": "on", "off_variant": "off"}
    after = serving | overrides(("on", ["a"], None)) | {"prerequisites": [{"flag": "base", "variants": ["on"]}]}
    found = [(one.label, one.before, one.after) for one in differences(serving, after)]
    assert found == [("Individual users", "", "on without an end: a"), ("Waits for", "", "base serves on")]
    assert [(one.before, one.after) for one in differences(after, serving)] == [
        ("on without an end: a", ""),
        ("base serves on", ""),
    ]
