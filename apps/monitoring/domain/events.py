"""Tracked events as they are sent: one from JSON, and a batch of which the good ones land. No metrics here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

import orjson

from .limits import MAX_EVENT_ID, MAX_EVENT_NAME, MAX_EVENTS, MAX_UNIT
from .properties import check_properties
from .values import MISSING, Refusal, Refused, Window, read_moment, read_object, read_text

_FIELDS = ("name", "targeting_key", "anonymous_id", "properties", "timestamp", "event_id")
_NOBODY = "is missing; an event is about a targeting_key or an anonymous_id"
_DIGEST_BYTES = 16
_VERSION_8 = 8 << 76 | 2 << 62  # version and variant
_FREE_BITS = ~(15 << 76 | 3 << 62)
_UUID = re.compile(r"[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedEvent:
    """What somebody did, once."""

    event_id: UUID
    name: str
    targeting_key: str  # empty: not known
    anonymous_id: str  # empty: not known; one of the two is
    properties: Mapping[str, object]
    at: datetime


@dataclass(frozen=True, slots=True)
class EventBatch:
    """What one batch brought; places in `refused` are counted from 0."""

    events: tuple[TrackedEvent, ...]
    refused: tuple[Refused, ...]


def read_batch(raw: object, window: Window) -> EventBatch:
    """`{"events": [...]}`, or the list alone. Raises Refusal when it is neither."""
    events: list[TrackedEvent] = []
    refused: list[Refused] = []
    for index, item in enumerate(_items(raw)):
        try:
            events.append(read_event(item, window, place=index))
        except Refusal as refusal:
            refused.append(Refused(index, refusal.field, refusal.reason))
    return EventBatch(tuple(events), tuple(refused))


def read_event(raw: object, window: Window, *, place: int = 0) -> TrackedEvent:
    """One event; without a timestamp it is of `window.at`. Raises Refusal.

    `place` is where it stands in its batch.
    """
    item = read_object("", raw, _FIELDS)
    if "name" not in item:
        raise Refusal("name", MISSING)
    name = read_text("name", item["name"], MAX_EVENT_NAME)
    targeting_key = _read_optional("targeting_key", item, MAX_UNIT)
    anonymous_id = _read_optional("anonymous_id", item, MAX_UNIT)
    if not targeting_key and not anonymous_id:
        raise Refusal("targeting_key", _NOBODY)
    properties = check_properties("properties", item.get("properties"))
    stamp = item.get("timestamp")
    at = window.at if stamp is None else window.check("timestamp", read_moment("timestamp", stamp))
    given = _read_optional("event_id", item, MAX_EVENT_ID)
    told = (name, targeting_key, anonymous_id, properties)
    return TrackedEvent(
        event_id=event_id_of(given) if given else _derived_id(told, at, place if stamp is None else None),
        name=name,
        targeting_key=targeting_key,
        anonymous_id=anonymous_id,
        properties=properties,
        at=at,
    )


def event_id_of(text: str) -> UUID:
    """The id that a sender gave, as it is kept: a UUID as it is, any other text by its digest."""
    return UUID(text) if _UUID.fullmatch(text) else _digest(b"given:" + text.encode())


def _derived_id(told: tuple[str, str, str, object], at: datetime, place: int | None) -> UUID:
    """The id of an event that was sent without one, from all it says.

    With a timestamp, the same event sent again is the same event. Without one it is of the moment it came in and of
    its place in the batch: it is counted again when it is sent again, and two clicks in one batch stay two.
    """
    name, targeting_key, anonymous_id, properties = told
    content = (name, targeting_key, anonymous_id, at.isoformat(), properties, place)
    return _digest(b"derived:" + orjson.dumps(content, option=orjson.OPT_SORT_KEYS))


def _digest(data: bytes) -> UUID:
    """As a UUID of version 8, the one for rules of one's own (RFC 9562)."""
    number = int.from_bytes(blake2b(data, digest_size=_DIGEST_BYTES).digest())
    return UUID(int=number & _FREE_BITS | _VERSION_8)


def _read_optional(name: str, item: Mapping[str, object], at_most: int) -> str:
    raw = item.get(name)
    return "" if raw is None else read_text(name, raw, at_most)


def _items(raw: object) -> list[object]:
    items = raw if isinstance(raw, list) else read_object("", raw, ("events",)).get("events")
    if not isinstance(items, list):
        raise Refusal("events", "must be a list")
    if not 1 <= len(items) <= MAX_EVENTS:
        raise Refusal("events", f"has {len(items):,} entries; 1 to {MAX_EVENTS:,} are allowed")
    return items
