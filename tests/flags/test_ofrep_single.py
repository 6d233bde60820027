"""OFREP: one flag."""

import json

import pytest

from apps.flags.domain.engine.context import InvalidContext, check_context
from apps.flags.domain.engine.definitions import FlagType
from tests.factories import make_flag, make_segment
from tests.flags.ofrep import BULK, FAILURE, REQUEST_FAILURE, SUCCESS, Asker, assert_shape, serve

pytestmark = pytest.mark.django_db


@pytest.fixture
def asker() -> Asker:
    return Asker()


@pytest.mark.parametrize(
    ("type", "expected"),
    [
        (FlagType.BOOLEAN, True),
        (FlagType.STRING, "blue"),
        (FlagType.INTEGER, 10),
        (FlagType.FLOAT, 1.0),
        (FlagType.OBJECT, {"columns": 3}),
    ],
)
def test_each_type_is_served_as_declared(asker: Asker, type: FlagType, expected: object) -> None:
    make_flag(project=asker.project, key="it", type=type, on=True)
    answer = asker.single("it")
    assert answer.status_code == 200
    document = assert_shape(answer, SUCCESS)
    assert (document["key"], document["value"], document["reason"]) == ("it", expected, "STATIC")


def test_a_whole_float_travels_with_its_point(asker: Asker) -> None:
    make_flag(project=asker.project, key="it", type=FlagType.FLOAT, on=True)
    assert b'"value":1.0' in asker.single("it").content


def test_a_flag_that_is_off_serves_its_off_variant(asker: Asker) -> None:
    make_flag(project=asker.project, key="it")
    document = assert_shape(asker.single("it"), SUCCESS)
    assert (document["value"], document["variant"], document["reason"]) == (False, "off", "DISABLED")


def test_no_body_is_an_empty_context(asker: Asker) -> None:
    make_flag(project=asker.project, key="it", on=True)
    assert asker.post(f"{BULK}/it").json()["value"] is True


def test_a_null_context_is_an_empty_one(asker: Asker) -> None:
    make_flag(project=asker.project, key="it", on=True)
    assert asker.post(f"{BULK}/it", json={"context": None}).json()["value"] is True


def test_a_split_needs_a_targeting_key(asker: Asker) -> None:
    make_flag(project=asker.project, key="it", rolling_out=True)
    answer = asker.single("it", {"country": "CA"})
    assert answer.status_code == 400
    assert assert_shape(answer, FAILURE)["errorCode"] == "TARGETING_KEY_MISSING"


def test_a_split_serves_one_user_always_the_same(asker: Asker) -> None:
    make_flag(project=asker.project, key="it", rolling_out=True)
    first = assert_shape(asker.single("it", {"targetingKey": "u-1"}), SUCCESS)
    assert first["reason"] == "SPLIT"
    assert asker.single("it", {"targetingKey": "u-1"}).json() == first


def test_an_unknown_flag_is_not_found(asker: Asker) -> None:
    answer = asker.single("nothing")
    assert answer.status_code == 404
    document = assert_shape(answer, FAILURE)
    assert (document["key"], document["errorCode"]) == ("nothing", "FLAG_NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "key"),
    [("a%20b", "a b"), ("a b", "a b"), ("%C3%A4", "ä"), ("a%2Fb", "a/b"), ("", ""), ("a/b/c", "a/b/c")],
)
def test_the_key_is_what_the_path_decodes_to(asker: Asker, path: str, key: str) -> None:
    answer = asker.single(path)
    assert answer.status_code == 404
    assert assert_shape(answer, FAILURE)["key"] == key


def test_an_escaped_key_finds_its_flag(asker: Asker) -> None:
    make_flag(project=asker.project, key="it.is", on=True)
    assert asker.single("it%2Eis").json()["value"] is True


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "PARSE_ERROR"),
        (b'{"context": {"x": NaN}}', "PARSE_ERROR"),
        (b'{"context": {"x": Infinity}}', "PARSE_ERROR"),
        (b"\xff", "PARSE_ERROR"),
        (b"[" * 2_000, "PARSE_ERROR"),
        (b"[]", "INVALID_CONTEXT"),
        (b"null", "INVALID_CONTEXT"),
        (b'{"context": []}', "INVALID_CONTEXT"),
        (b'{"context": "u-1"}', "INVALID_CONTEXT"),
        (b'{"context": {"targetingKey": {}}}', "INVALID_CONTEXT"),
        (b'{"context": {"targetingKey": true}}', "INVALID_CONTEXT"),
        (b'{"context": {"targetingKey": "\\ud800"}}', "PARSE_ERROR"),
        (b'{"context": {"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{}}}}}}}}}}', "INVALID_CONTEXT"),
        (b'{"context": {"a":"' + b"x" * 70_000 + b'"}}', "INVALID_CONTEXT"),
    ],
)
def test_a_bad_body_is_refused_with_a_reason(asker: Asker, body: bytes, code: str) -> None:
    make_flag(project=asker.project, key="it", on=True)
    answer = asker.post(f"{BULK}/it", content=body)
    assert answer.status_code == 400
    document = assert_shape(answer, FAILURE)
    assert (document["key"], document["errorCode"]) == ("it", code)


def test_a_context_that_is_waved_through_would_have_passed_the_check(asker: Asker) -> None:
    """Bodies around the limits of the short cut, judged by the engine's own check."""
    make_flag(project=asker.project, key="it", on=True)
    for depth in range(1, 12):
        for inner in (
            "1",
            "[" + "0," * 999 + "0]",
            "[" + "0," * 1_000 + "0]",
            '"' + "x" * 65_500 + '"',
            "[" * depth + "]" * depth,
        ):
            context = '{"a":' * depth + inner + "}" * depth
            try:
                check_context(json.loads(context))
                expected = 200
            except InvalidContext:
                expected = 400
            assert asker.post(f"{BULK}/it", content=f'{{"context":{context}}}').status_code == expected


def test_a_body_over_the_limit_is_refused_before_it_is_read(asker: Asker) -> None:
    answer = asker.post(f"{BULK}/it", content=json.dumps({"context": {"a": "x" * 600_000}}))
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"
    assert_shape(answer, REQUEST_FAILURE)


def test_a_member_of_a_segment_is_targeted(asker: Asker) -> None:
    make_segment(project=asker.project, key="beta-testers", members=["u-1"])
    rule = {"id": "beta", "when": {"segment": ["beta-testers"]}, "serve": {"variant": "off"}}
    serve(make_flag(project=asker.project, key="it"), rule)
    assert asker.single("it", {"targetingKey": "u-1"}).json()["reason"] == "TARGETING_MATCH"
    assert asker.single("it", {"targetingKey": "u-2"}).json()["reason"] == "DEFAULT"
