"""Pushes as JSON: good samples land, every bad one is told with its index."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.monitoring.domain.bodies import decode_json
from apps.monitoring.domain.samples import Sample, read_samples
from apps.monitoring.domain.series import read_series
from apps.monitoring.domain.values import Refusal, Window

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WINDOW = Window(AT, past=timedelta(days=14), future=timedelta(minutes=5))


def test_times_may_be_missing_iso_or_milliseconds() -> None:
    read = read_samples(
        {
            "samples": [
                {"name": "up", "value": 1},
                {"name": "up", "labels": {"a": "1"}, "value": 2.5, "at": "2026-03-01T12:59:58+01:00"},
                {"name": "up", "labels": {}, "value": -0.0, "at": 1_772_366_399_250},
                {"name": "up", "value": 4, "at": "2026-03-01T11:59:59"},
            ]
        },
        WINDOW,
    )
    assert read.refused == ()
    assert read.samples == (
        Sample(read_series("up", {}), 1, AT),
        Sample(read_series("up", {"a": "1"}), 2.5, AT - timedelta(seconds=2)),
        Sample(read_series("up", {}), 0, AT - timedelta(seconds=0.75)),
        Sample(read_series("up", {}), 4, AT - timedelta(seconds=1)),
    )


@pytest.mark.parametrize(
    ("item", "field", "words"),
    [
        ("7", "", "an object"),
        ("{}", "name", "missing"),
        ('{"name": "up"}', "value", "missing"),
        ('{"name": "up", "value": null}', "value", "a number"),
        ('{"name": "up", "value": "1"}', "value", "a number"),
        ('{"name": "up", "value": true}', "value", "a number"),
        ('{"name": "up", "value": NaN}', "value", "finite"),
        ('{"name": "up", "value": -Infinity}', "value", "finite"),
        ('{"name": "up", "value": 1e999}', "value", "finite"),
        (f'{{"name": "up", "value": {"9" * 5000}}}', "value", "finite"),
        (f'{{"name": "up", "value": {"9" * 350}}}', "value", "finite"),
        ('{"name": "u-p", "value": 1}', "name", "letters"),
        ('{"name": "up", "value": 1, "labels": ["a"]}', "labels", "an object"),
        ('{"name": "up", "value": 1, "labels": {"a": "\\ud800"}}', "labels.a", "cannot carry"),
        ('{"name": "up", "value": 1, "time": 1}', "time", "not known here; there may be name, labels, value, at"),
        ('{"name": "up", "value": 1, "\\ud800": 1}', "a name", "not known"),
        ('{"name": "up", "value": 1, "at": "noon"}', "at", "date and time"),
        ('{"name": "up", "value": 1, "at": 1.5}', "at", "date and time"),
        ('{"name": "up", "value": 1, "at": true}', "at", "date and time"),
        ('{"name": "up", "value": 1, "at": 99999999999999999999}', "at", "date and time"),
        ('{"name": "up", "value": 1, "at": "9999-12-31T23:59:59-12:00"}', "at", "date and time"),
        ('{"name": "up", "value": 1, "at": "2026-03-01T12:05:01Z"}', "at", "more than 300 s in the future"),
        ('{"name": "up", "value": 1, "at": 1772366400}', "at", "older than 14 days"),
    ],
)
def test_a_bad_sample_is_told_and_the_good_ones_land(item: str, field: str, words: str) -> None:
    good = '{"name": "ok", "value": 1}'
    read = read_samples(decode_json(f'{{"samples": [{good}, {item}, {good}]}}'.encode()), WINDOW)
    assert len(read.samples) == 2
    (refused,) = read.refused
    assert (refused.place, refused.field) == (1, field)
    assert words in refused.reason


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is not JSON"),
        (b'{"samples": [', "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "must be an object"),
        (b"{}", "must be a list"),
        (b'{"samples": {}}', "must be a list"),
        (b'{"samples": []}', "1 to 50,000 are allowed"),
        (b'{"samples": [' + b"0," * 50_000 + b"0]}", "1 to 50,000 are allowed"),
        (b'{"metrics": []}', "not known here"),
        (b" " * 5_000_001, "5,000,000 are allowed"),
    ],
)
def test_the_whole_is_refused_when_it_is_no_list_of_samples(body: bytes, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        read_samples(decode_json(body), WINDOW)
