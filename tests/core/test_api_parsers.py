"""What is JSON for us and what is not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from apps.core.api.parsers import MAX_DEPTH, parse
from tests.callers import as_role

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": 1} {"a": 2}', "not JSON"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b"[Infinity]", "Infinity is not a JSON number"),
        (b"[-Infinity]", "-Infinity is not a JSON number"),
        (b"[1e999]", "too large"),
        (b"[" + b"9" * 5_000 + b"]", "not JSON"),
        (b'{"a": 1, "b": 2, "a": 3}', "'a' is given twice"),
        (b'{"outer": {"a": 1, "\\u0061": 1}}', "'a' is given twice"),
        (b'["\\ud800"]', "half a surrogate pair"),
        (b'{"\\udc00": 1}', "half a surrogate pair"),
        (b'["\xff"]', "not UTF-8"),
        (b"\xef\xbb\xbf[]", "not JSON"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested deeper"),
        (b"[" * 1_000_000, "nested deeper"),
        (b'{"a":' * 1_000_000, "nested deeper"),
    ],
)
def test_what_others_might_read_differently_is_refused(raw: bytes, says: str) -> None:
    with pytest.raises(ParseError) as refused:
        parse(raw)
    assert says in str(refused.value.detail)


def test_the_deepest_body_passes() -> None:
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


@given(VALUES)
def test_json_that_we_would_write_is_read_back(value: object) -> None:
    assert parse(json.dumps(value).encode()) == value


@given(st.binary(max_size=200) | st.text('[]{}0-1.e:, "a', max_size=6).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        value = parse(raw)
    except ParseError:
        return
    assert value == json.loads(raw.decode())


@pytest.mark.django_db
def test_a_body_that_is_not_json_is_a_problem() -> None:
    answer = as_role("Administrator").post("/api/v1/projects/", data='{"key": NaN}', content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert (answer.json()["code"], "NaN" in answer.json()["detail"]) == ("parse_error", True)


@pytest.mark.django_db
def test_a_body_that_is_too_large_is_refused(settings: object) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100  # type: ignore[attr-defined]
    answer = as_role("Administrator").post("/api/v1/projects/", {"key": "shop", "name": "x" * 100})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
