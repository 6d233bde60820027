"""Changes as JSON: there and back, and what is refused."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.flags.domain.engine.definitions import FlagStatus, InvalidDefinition, Override, Prerequisite
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.patches import check_texts, dump_change, parse_change, parse_fields, parse_version
from apps.flags.domain.transitions import Change
from tests.flags.domain.test_parsing import rules

changes = st.builds(
    Change,
    status=st.sampled_from([FlagStatus.ON, FlagStatus.OFF]),
    rules=st.none() | rules.map(parse_rules),
    default_variant=st.none() | st.just("on"),
    off_variant=st.none() | st.just("off"),
    prerequisites=st.none() | st.just((Prerequisite("base", ("on", "half")),)),
    overrides=st.none() | st.just((Override("on", ("u-1",), datetime(2026, 1, 5, 9, tzinfo=UTC)),)),
)


@given(changes)
def test_a_change_survives_json(change: Change) -> None:
    assert parse_change(json.loads(json.dumps(dump_change(change)))) == change


def test_a_patch_looks_like_the_body_of_a_patch() -> None:
    change = Change(status=FlagStatus.ON, rules=(), default_variant="on")
    assert dump_change(change) == {"status": "ON", "rules": [], "default_variant": "on"}


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (None, "patch"),
        ([], "patch"),
        ({}, "patch"),
        ({"statsu": "ON"}, "patch.statsu"),
        ({"status": "on"}, "status"),
        ({"status": "KILLED"}, "status"),
        ({"status": ["ON"]}, "status"),
        ({"rules": "all"}, "rules"),
        ({"rules": [{"id": "a"}]}, "rules[0].serve"),
        ({"default_variant": 1}, "default_variant"),
        ({"off_variant": ""}, "off_variant"),
    ],
)
def test_what_is_no_change_is_refused_by_name(raw: object, path: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        parse_change(raw)
    assert caught.value.path == path


def test_fields_of_a_flag_read_their_variants_as_pairs() -> None:
    raw = {"name": "New", "variants": [{"key": "on", "value": True}, {"key": "off", "value": False}]}
    assert parse_fields(raw, ("name",)) == {"name": "New", "variants": [("on", True), ("off", False)]}


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({"salt": "x"}, "patch.salt"),
        ({"variants": [["on", True]]}, "variants[0]"),
        ({"variants": [{"key": "on"}]}, "variants[0].value"),
        ({"variants": [{"key": 1, "value": 1}]}, "variants[0].key"),
    ],
)
def test_fields_that_a_flag_has_not_are_refused(raw: object, path: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        parse_fields(raw, ("name",))
    assert caught.value.path == path


@pytest.mark.parametrize("number", [0, -1, True, 1.0, "1", None, 2**31])
def test_a_version_is_a_whole_number_that_the_database_can_hold(number: object) -> None:
    with pytest.raises(InvalidDefinition):
        parse_version({"to_version": number})


def test_a_version_is_read() -> None:
    assert parse_version({"to_version": 3}) == 3


@pytest.mark.parametrize("raw", [{"a": ["x\0"]}, {"a\0": 1}, {"a": {"b": "\ud800"}}])
def test_texts_that_no_database_keeps_are_refused_at_any_depth(raw: object) -> None:
    with pytest.raises(InvalidDefinition):
        check_texts("patch", raw)


def test_other_texts_pass() -> None:
    check_texts("patch", {"a": ["", "ü", 1, None, True, {"b": "x" * 100_000}]})
