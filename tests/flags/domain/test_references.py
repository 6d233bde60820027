"""What rules refer to: segments with their places, attributes."""

import pytest

from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.references import attributes_of, unknown_in_rules

KNOWN = {"beta-testers", "internal"}


@pytest.mark.parametrize(
    ("when", "found"),
    [
        (None, {}),
        ({"segment": ["internal", "all"]}, {}),
        ({"segment": ["gone"]}, {"rules[0].when.segment[0]": "there is no segment 'gone'"}),
        (
            {"all": [{"attr": ["x"], "op": "exists"}, {"not": {"segment": ["internal", "beta-tester"]}}]},
            {
                "rules[0].when.all[1].not.segment[1]": "there is no segment 'beta-tester'; did you mean beta-testers?",
            },
        ),
        (
            {"none": [{"any": [{"segment": ["a"]}]}, {"segment": ["b"]}]},
            {
                "rules[0].when.none[0].any[0].segment[0]": "there is no segment 'a'",
                "rules[0].when.none[1].segment[0]": "there is no segment 'b'",
            },
        ),
    ],
)
def test_unknown_segments_are_told_at_their_place(when: object, found: dict[str, str]) -> None:
    rules = parse_rules([{"id": "r", "when": when, "serve": {"variant": "on"}}])
    assert dict(unknown_in_rules(rules, KNOWN)) == found


def test_attributes_include_those_that_tell_users_apart() -> None:
    when = {"any": [{"not": {"attr": ["plan", "name"], "op": "in", "value": ["free"]}}, {"segment": ["beta"]}]}
    serve = {"split": [["on", 100_000]], "by": ["org"], "fallback_by": ["device", "id"]}
    rules = parse_rules([{"id": "r", "when": when, "serve": serve}])
    assert list(attributes_of(rules)) == [("plan", "name"), ("org",), ("device", "id")]
