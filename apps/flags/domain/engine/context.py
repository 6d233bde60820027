"""What an evaluation context may carry, and whom it is about. Checked once per request, not once per flag."""

from collections.abc import Mapping

from .limits import MAX_CONTEXT_DEPTH, MAX_CONTEXT_ITEMS, MAX_CONTEXT_SIZE
from .outcome import ErrorCode
from .text import is_unicode

TARGETING_KEY = "targetingKey"
GROUPS = "groups"

NO_KEY = "the context has no targetingKey"
_USABLE = "must be text that UTF-8 can carry or an integer of at most 64 bits"
BAD_KEY = f"{TARGETING_KEY} {_USABLE}"
_UNIT_BITS = 64


class InvalidContext(ValueError):
    """A context that cannot be evaluated. `code` is the OpenFeature error code, `details` is for people."""

    def __init__(self, code: ErrorCode, details: str) -> None:
        super().__init__(details)
        self.code = code
        self.details = details


def read_unit(key: object) -> str:
    """The targeting key as text. Raises InvalidContext: missing (None or "") or naming nobody."""
    if key is None or key == "":
        raise InvalidContext(ErrorCode.TARGETING_KEY_MISSING, NO_KEY)
    if isinstance(key, int) and not isinstance(key, bool) and key.bit_length() <= _UNIT_BITS:
        return str(key)
    if isinstance(key, str) and is_unicode(key):
        return key
    raise _refused(BAD_KEY)


def encode_unit(key: object) -> bytes:
    """The targeting key as UTF-8, quickly. Raises InvalidContext as read_unit does."""
    if type(key) is str and key:
        try:
            return key.encode()
        except UnicodeEncodeError:
            raise _refused(BAD_KEY) from None
    return read_unit(key).encode()


def attribute(context: Mapping[str, object], path: tuple[str, ...]) -> object:
    """The value at the end of `path`; None where it does not lead anywhere."""
    found: object = context
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def unit_at(context: Mapping[str, object], paths: tuple[tuple[str, ...], ...]) -> bytes | None:
    """The unit that the first of these attributes names; None when all are missing. Raises InvalidContext."""
    for path in paths:
        value = attribute(context, path)
        if value is not None and value != "":
            return encode_unit(value)
    return None


def no_unit(paths: tuple[tuple[str, ...], ...]) -> InvalidContext:
    """What a split answers to a context that has none of these attributes."""
    code = ErrorCode.TARGETING_KEY_MISSING if (TARGETING_KEY,) in paths else ErrorCode.INVALID_CONTEXT
    return InvalidContext(code, f"the context has no {_named(paths)}, and this flag is split by it")


def bad_unit(paths: tuple[tuple[str, ...], ...]) -> InvalidContext:
    """What a split answers to a context whose unit cannot be hashed."""
    return _refused(f"{_named(paths)} {_USABLE}")


def _named(paths: tuple[tuple[str, ...], ...]) -> str:
    return " or ".join(".".join(path) for path in paths)


def check_context(context: object) -> Mapping[str, object]:
    """The context, when it is a JSON object within the limits. Raises InvalidContext otherwise.

    A missing targeting key is no error here: most flags do not need one.
    """
    if not isinstance(context, Mapping):
        raise _refused("the context must be a JSON object")
    unit = context.get(TARGETING_KEY)
    if unit is not None and unit != "":
        encode_unit(unit)
    if _object_size(context, MAX_CONTEXT_DEPTH - 1) > MAX_CONTEXT_SIZE:
        raise _refused(f"the context is larger than {MAX_CONTEXT_SIZE:,} characters and values")
    return context


def _size(value: object, depth: int) -> int:
    if isinstance(value, str):
        return 1 + len(value)
    if value is None or isinstance(value, int | float):
        return 1
    if depth == 0:
        raise _refused(f"the context is nested deeper than {MAX_CONTEXT_DEPTH} levels")
    if isinstance(value, Mapping):
        return _object_size(value, depth - 1)
    if isinstance(value, list | tuple):
        if len(value) > MAX_CONTEXT_ITEMS:
            raise _refused(f"the context has an array of more than {MAX_CONTEXT_ITEMS:,} items")
        return 1 + sum(_size(item, depth - 1) for item in value)
    raise _refused(f"JSON has no {type(value).__name__}")


def _object_size(value: Mapping[object, object], depth: int) -> int:
    size = 1
    for name, item in value.items():
        if not isinstance(name, str):
            raise _refused("attribute names must be text")
        # Most values are text, and every request comes through here: it is not worth a call.
        size += len(name) + (1 + len(item) if isinstance(item, str) else _size(item, depth))
    return size


def _refused(details: str) -> InvalidContext:
    return InvalidContext(ErrorCode.INVALID_CONTEXT, details)
