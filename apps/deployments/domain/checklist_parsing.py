"""Reads and writes the JSON of a service's checklist. A standard item is named by its key; every other one brings its
words and is ticked by a person. What is left out of the list is dropped."""

import re
from difflib import get_close_matches

from apps.flags.domain.engine.definitions import InvalidDefinition
from apps.flags.domain.engine.reading import Raw, read_flag, read_list, read_object, read_text

from .checklists import Item, Phase
from .standard_items import STANDARD_ITEMS

MAX_ITEMS = 100
MAX_KEY_LENGTH = 60  # characters
MAX_WORDS_LENGTH = 200  # characters
_KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_STANDARD = {item.key: item for item in STANDARD_ITEMS}


def parse_items(raw: object) -> tuple[Item, ...]:
    """A list of `{"key"}` for standard items and `{"key", "words", "phase"}` for one's own, each perhaps with
    `required`. Raises InvalidDefinition at the first fault."""
    items: dict[str, Item] = {}
    for path, each in read_list("items", raw, MAX_ITEMS, at_least=0):
        item = _read_item(path, each)
        if item.key in items:
            raise InvalidDefinition(f"{path}.key", f"{item.key!r} is in the list already")
        items[item.key] = item
    return tuple(items.values())


def dump_items(items: tuple[Item, ...]) -> list[Raw]:
    """The JSON that parse_items reads back to equal items."""
    return [_dump(item) for item in items]


def _read_item(path: str, raw: object) -> Item:
    key = read_text(f"{path}.key", raw["key"], MAX_KEY_LENGTH) if isinstance(raw, dict) and "key" in raw else ""
    standard = _STANDARD.get(key)
    if standard:
        fields = read_object(path, raw, {"key"}, optional={"required"})
        required = read_flag(f"{path}.required", fields.get("required", standard.required))
        return Item(key, standard.words, standard.phase, standard.source, required)
    if isinstance(raw, dict) and key and not raw.keys() & {"words", "phase"}:
        raise InvalidDefinition(f"{path}.key", _no_standard_item(key))
    fields = read_object(path, raw, {"key", "words", "phase"}, optional={"required"})
    if not _KEY.fullmatch(key):
        raise InvalidDefinition(f"{path}.key", "is no key: lower-case letters and digits, single underscores between")
    required = read_flag(f"{path}.required", fields.get("required", False))
    return Item(key, _read_words(f"{path}.words", fields["words"]), _read_phase(path, fields), None, required)


def _no_standard_item(key: str) -> str:
    near = get_close_matches(key, _STANDARD, n=2)
    meant = f"did you mean {' or '.join(near)}?" if near else "an item of your own needs words and phase"
    return f"is no standard item: {key!r}; {meant}"


def _read_words(path: str, raw: object) -> str:
    words = " ".join(read_text(path, raw, MAX_WORDS_LENGTH).split())
    if not words:
        raise InvalidDefinition(path, "is empty; say what has to be so")
    return words


def _read_phase(path: str, fields: Raw) -> Phase:
    phase = fields["phase"]
    if not isinstance(phase, str) or phase not in list(Phase):
        raise InvalidDefinition(f"{path}.phase", f"must be one of {', '.join(Phase)}")
    return Phase(phase)


def _dump(item: Item) -> Raw:
    if item.key in _STANDARD:
        return {"key": item.key, "required": item.required}
    return {"key": item.key, "words": item.words, "phase": item.phase.value, "required": item.required}
