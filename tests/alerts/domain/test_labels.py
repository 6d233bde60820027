"""Which label sets a matcher chooses, the same cases as Prometheus's documentation of its selectors names."""

import pytest

from apps.alerts.domain.labels import Match, Matcher, all_match, chosen, label_set

WEB = label_set({"env": "production", "service": "web", "code": "500"})


@pytest.mark.parametrize(
    ("label", "match", "value", "expected"),
    [
        ("env", Match.EQUAL, "production", True),
        ("env", Match.EQUAL, "Production", False),
        ("env", Match.NOT_EQUAL, "staging", True),
        ("env", Match.NOT_EQUAL, "production", False),
        ("code", Match.REGEX, "5..", True),
        ("code", Match.REGEX, "5", False),  # the pattern has to fit the whole value
        ("code", Match.REGEX, "4..|5..", True),
        ("code", Match.REGEX, "50|500", True),
        ("code", Match.NOT_REGEX, "4..", True),
        ("code", Match.NOT_REGEX, "5.*", False),
        ("region", Match.EQUAL, "", True),  # a missing label is an empty one
        ("region", Match.NOT_EQUAL, "", False),
        ("region", Match.REGEX, ".*", True),
        ("region", Match.REGEX, ".+", False),
        ("region", Match.NOT_REGEX, ".+", True),
        ("region", Match.NOT_EQUAL, "eu", True),
    ],
)
def test_a_matcher_chooses(label: str, match: Match, value: str, expected: bool) -> None:
    assert Matcher(label, match, value).matches(dict(WEB)) is expected
    assert all_match([Matcher(label, match, value)], WEB) is expected


def test_all_matchers_have_to_match_and_none_match_everything() -> None:
    web, batch = Matcher("service", Match.EQUAL, "web"), Matcher("service", Match.EQUAL, "batch")
    assert all_match([web], WEB)
    assert not all_match([web, batch], WEB)
    assert all_match([], WEB)


def test_a_label_set_is_the_same_in_any_order_and_without_empty_values() -> None:
    assert label_set({"b": "2", "a": "1", "c": ""}) == (("a", "1"), ("b", "2"))
    assert chosen(WEB, ["service", "region"]) == (("service", "web"),)


def test_a_matcher_in_words() -> None:
    assert Matcher("code", Match.NOT_REGEX, "5..").words == 'code!~"5.."'
