"""What a series is. Names and labels follow Prometheus' data model; fingerprints come from `b2sum -l 128`."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.domain.series import Series, read_series
from apps.monitoring.domain.values import Refusal

VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
LABELS = st.dictionaries(st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,8}", fullmatch=True), VALUES, max_size=5)


@pytest.mark.parametrize("name", ["up", "http_requests_total", "job:requests:rate5m", "_x", ":", "A" * 200])
def test_names_that_prometheus_takes(name: str) -> None:
    assert read_series(name, {}) == Series(name, ())


@pytest.mark.parametrize("name", ["", "2xx", "a-b", "a.b", "a b", "größe", "a\n", "up{}", "A" * 201, None, 7, ["up"]])
def test_names_that_it_does_not(name: object) -> None:
    with pytest.raises(Refusal) as refused:
        read_series(name, {})
    assert refused.value.field == "name"


@pytest.mark.parametrize(
    ("labels", "field", "words"),
    [
        ({"a-b": "1"}, "labels", "not letters"),
        ({"a:b": "1"}, "labels", "not letters"),
        ({"": "1"}, "labels", "not letters"),
        ({"1a": "1"}, "labels", "not letters"),
        ({"a" * 101: "1"}, "labels", "101 characters"),
        ({"__name__": "up"}, "labels.__name__", "reserved"),
        ({"a": 1}, "labels.a", "a text"),
        ({"a": None}, "labels.a", "a text"),
        ({"a": "x" * 501}, "labels.a", "501 characters"),
        ({"a": "\ud800"}, "labels.a", "cannot carry"),
        ({"a": "\0"}, "labels.a", "cannot carry"),
        ({f"l{n}": "x" for n in range(33)}, "labels", "33 labels"),
        ([("a", "1")], "labels", "an object"),
        ("a", "labels", "an object"),
        (None, "labels", "an object"),
    ],
)
def test_labels_that_are_refused(labels: object, field: str, words: str) -> None:
    with pytest.raises(Refusal, match=words) as refused:
        read_series("up", labels)
    assert refused.value.field == field


def test_the_largest_series_is_taken() -> None:
    labels = {f"{n:02}".rjust(100, "l"): "x" * 500 for n in range(32)}
    assert len(read_series("A" * 200, labels).labels) == 32


def test_an_empty_label_is_no_label_and_order_does_not_matter() -> None:
    assert read_series("up", {"b": "2", "a": "1", "c": ""}) == read_series("up", {"a": "1", "b": "2"})


def test_the_canonical_form_escapes_as_the_text_format_does() -> None:
    series = read_series("up", {"path": 'C:\\"x"\n', "a": "1"})
    assert series.canonical == r'up{a="1",path="C:\\\"x\"\n"}'


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (Series("up", ()), "1b9a531cfa32afb233a5d516bef7b8a9"),
        (Series("http_requests_total", (("code", "200"), ("method", "post"))), "f762b4ec3d719c63aad508132480084c"),
    ],
)
def test_fingerprints_never_change(series: Series, expected: str) -> None:
    assert series.fingerprint == UUID(expected)


@given(LABELS, LABELS)
def test_two_series_have_one_canonical_form_only_when_they_are_one(one: dict[str, str], other: dict[str, str]) -> None:
    first, second = read_series("up", one), read_series("up", other)
    assert (first == second) == (first.canonical == second.canonical) == (first.fingerprint == second.fingerprint)
