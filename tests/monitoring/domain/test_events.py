"""Tracked events: what one may say, and that a batch loses only what is wrong with it."""

import json
import math
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.domain.bodies import decode_json
from apps.monitoring.domain.events import TrackedEvent, event_id_of, read_batch, read_event
from apps.monitoring.domain.values import Refusal, Window

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WINDOW = Window(AT, past=timedelta(days=30), future=timedelta(minutes=10))
LATER = Window(AT + timedelta(seconds=5), past=timedelta(days=30), future=timedelta(minutes=10))
STAMP = "2026-03-01T11:59:58.250Z"


def event(**changes: object) -> dict[str, object]:
    return {"name": "checkout", "targeting_key": "anna", **changes}


def test_an_event_that_says_everything() -> None:
    raw = event(
        anonymous_id="a-1",
        properties={"amount": 12.5, "items": [{"sku": "x", "many": 2}], "gift": False, "note": None, "ort": "Köln"},
        timestamp="2026-03-01T12:59:58.250+01:00",
        event_id="0190163d-8694-739b-aea5-966c26f8ad91",
    )
    assert read_event(raw, WINDOW) == TrackedEvent(
        event_id=UUID("0190163d-8694-739b-aea5-966c26f8ad91"),
        name="checkout",
        targeting_key="anna",
        anonymous_id="a-1",
        properties={"amount": 12.5, "items": [{"sku": "x", "many": 2}], "gift": False, "note": None, "ort": "Köln"},
        at=AT - timedelta(seconds=1.75),
    )


def test_an_event_that_says_the_least() -> None:
    read = read_event({"name": "view", "anonymous_id": "a-1", "properties": None, "event_id": None}, WINDOW)
    assert (read.targeting_key, read.anonymous_id, dict(read.properties), read.at) == ("", "a-1", {}, AT)


def deep(levels: int) -> object:
    return {"a": deep(levels - 1)} if levels > 1 else {}


@pytest.mark.parametrize(
    ("raw", "field", "words"),
    [
        (None, "", "an object"),
        ([], "", "an object"),
        ({"targeting_key": "anna"}, "name", "missing"),
        (event(name=""), "name", "0 characters; 1 to 200"),
        (event(name="x" * 201), "name", "201 characters"),
        (event(name=7), "name", "a text"),
        (event(name="a\0"), "name", "cannot carry"),
        (event(name="\ud800"), "name", "cannot carry"),
        (event(targeting_key=None), "targeting_key", "about a targeting_key or an anonymous_id"),
        (event(targeting_key=""), "targeting_key", "0 characters"),
        (event(targeting_key=7), "targeting_key", "a text"),
        (event(targeting_key="x" * 201), "targeting_key", "201"),
        (event(anonymous_id=["a"]), "anonymous_id", "a text"),
        (event(event="x"), "event", "not known here; there may be name, targeting_key"),
        (event(event_id=""), "event_id", "0 characters"),
        (event(event_id=7), "event_id", "a text"),
        (event(event_id="x" * 201), "event_id", "201"),
        (event(timestamp="yesterday"), "timestamp", "date and time"),
        (event(timestamp=math.nan), "timestamp", "date and time"),
        (event(timestamp="2026-03-01T12:10:00.001Z"), "timestamp", "more than 600 s in the future"),
        (event(timestamp="2026-01-30T11:59:59.999Z"), "timestamp", "older than 30 days"),
        (event(properties=[]), "properties", "an object"),
        (event(properties={"a": math.nan}), "properties.a", "finite"),
        (event(properties={"a": [1, -math.inf]}), "properties.a[1]", "finite"),
        (event(properties={"a": 2**63}), "properties.a", "64 bits"),
        (event(properties={"a": -(2**63) - 1}), "properties.a", "64 bits"),
        (event(properties={"a": 10**400}), "properties.a", "finite"),
        (event(properties={"a": {"b": "\udfff"}}), "properties.a.b", "cannot carry"),
        (event(properties={"a": "\0"}), "properties.a", "cannot carry"),
        (event(properties={"\ud800": 1}), "properties", "cannot be kept"),
        (event(properties={"x" * 201: 1}), "properties", "cannot be kept"),
        (event(properties={str(n): n for n in range(201)}), "properties", "201 entries; 200"),
        (event(properties={"a": [0] * 201}), "properties.a", "201 entries; 200"),
        (event(properties=deep(6)), "properties.a.a.a.a.a", "deeper than 5 levels"),
        (event(properties={"a": "x" * 16_382}), "properties", "16,385 values and characters; 16,384"),
    ],
)
def test_an_event_that_is_refused(raw: object, field: str, words: str) -> None:
    with pytest.raises(Refusal, match=words) as refused:
        read_event(raw, WINDOW)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": "2026-03-01T12:10:00Z"},
        {"timestamp": "2026-01-30T12:00:00Z"},
        {"timestamp": 1_772_366_400_000},
        {"properties": {"a": 2**63 - 1, "b": -(2**63)}},
        {"properties": deep(5)},
        {"properties": {str(n): n for n in range(200)}},
        {"properties": {"a": "x" * 16_381}},
        {"name": "x" * 200, "targeting_key": "😀" * 200, "event_id": "x" * 200},
    ],
)
def test_the_largest_and_farthest_events_are_taken(changes: dict[str, object]) -> None:
    assert read_event(event(**changes), WINDOW)


def test_an_event_sent_again_with_its_timestamp_is_the_same_event() -> None:
    first = read_event(event(timestamp=STAMP, properties={"a": 1, "b": 2}), WINDOW, place=0)
    again = read_event(event(timestamp=STAMP, properties={"b": 2, "a": 1}), LATER, place=7)
    assert first.event_id == again.event_id
    assert first.event_id.version == 8


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "view"},
        {"targeting_key": "bob"},
        {"anonymous_id": "a"},
        {"targeting_key": None, "anonymous_id": "anna"},
        {"timestamp": "2026-03-01T11:59:58.251Z"},
        {"properties": {"a": 1}},
        {"properties": {"a": "1"}},
        {"timestamp": None},
    ],
)
def test_another_content_is_another_event(changes: dict[str, object]) -> None:
    one = read_event(event(timestamp=STAMP), WINDOW)
    other = read_event(event(**{"timestamp": STAMP, **changes}), WINDOW)
    assert one.event_id != other.event_id


def test_two_clicks_in_one_batch_without_timestamps_stay_two() -> None:
    batch = read_batch([event(), event()], WINDOW)
    assert len({each.event_id for each in batch.events}) == 2
    assert read_event(event(), WINDOW).event_id != read_event(event(), LATER).event_id


def test_an_id_that_is_no_uuid_is_digested() -> None:
    read = read_event(event(event_id="order-7"), WINDOW)
    assert read.event_id == event_id_of("order-7") != event_id_of("order-8")
    assert event_id_of("0190163D8694739BAEA5966C26F8AD91") == UUID("0190163d-8694-739b-aea5-966c26f8ad91")


def test_in_a_batch_only_the_bad_ones_are_refused() -> None:
    body = json.dumps(
        {"events": [event(), event(name=""), event(properties={"a": math.nan}), event(targeting_key="\ud800"), event()]}
    )
    batch = read_batch(decode_json(body.encode()), WINDOW)
    assert len(batch.events) == 2
    assert [(each.place, each.field) for each in batch.refused] == [
        (1, "name"),
        (2, "properties.a"),
        (3, "targeting_key"),
    ]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ([], "0 entries; 1 to 1,000"),
        ({"events": []}, "0 entries"),
        ([event()] * 1_001, "1,001 entries"),
        ({}, "must be a list"),
        ({"events": event()}, "must be a list"),
        ({"batch": []}, "not known here"),
        (event(), "not known here"),
        ("x", "an object"),
        (None, "an object"),
    ],
)
def test_what_is_no_batch_is_refused_whole(raw: object, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        read_batch(raw, WINDOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys((*event(), "properties", "timestamp", "event_id"), JSON)))
def test_whatever_comes_is_read_or_refused(raw: dict[str, object]) -> None:
    batch = read_batch([event(), raw], WINDOW)
    assert len(batch.events) + len(batch.refused) == 2
    for read in batch.events:
        text = json.dumps(dict(read.properties), allow_nan=False, ensure_ascii=False)
        assert "\0" not in text.encode().decode()
