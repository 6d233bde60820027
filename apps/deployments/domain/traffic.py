"""How a service's traffic is moved: a configuration for each kind of driver, and reading it from JSON.

No connection is made here. Which weights a proxy can be told is in shares.py.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SLOTS: Final = ("blue", "green")  # of every target
MAX_SLOTS: Final = 8
MAX_SOCKET_PATH: Final = 107  # bytes that Linux takes for the path of a unix socket
DEFAULT_TIMEOUT: Final = 2.0  # seconds
MAX_TIMEOUT: Final = 10.0  # seconds

_SLOT = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)  # nothing that a path or a command would read as its own
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]{1,253}):([0-9]{1,5})", re.ASCII)
_PATH = re.compile(r"/[\x21-\x7e]+")
_DIAL = re.compile(r"[\x21-\x7e]{1,300}")


class Kind(StrEnum):
    CADDY = "CADDY"
    HAPROXY = "HAPROXY"
    EXTERNAL = "EXTERNAL"  # somebody else moves the traffic and reports


class InvalidTraffic(ValueError):
    """A configuration that cannot be used. `field` says where."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field, self.reason = field, reason


@dataclass(frozen=True, slots=True)
class Admin:
    """Where a proxy is told: a unix socket, or a host and its port."""

    path: str = ""
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        return self.path or f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caddy:
    admin: Admin
    handler: str  # the @id of the reverse_proxy handler
    slots: Mapping[str, str]  # slot -> the upstream's dial address, as Caddy's configuration writes it
    timeout_seconds: float = DEFAULT_TIMEOUT  # for one question and its answer


@dataclass(frozen=True, slots=True, kw_only=True)
class HaProxy:
    admin: Admin
    backend: str
    slots: Mapping[str, str]  # slot -> the server's name in the backend
    timeout_seconds: float = DEFAULT_TIMEOUT  # for one question and its answer


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    slots: tuple[str, ...]
    reported: Mapping[str, int]  # slot -> weight, as it was last told; empty before the first report


Traffic = Caddy | HaProxy | External


def parse_config(kind: str, raw: Mapping[str, object]) -> Traffic:
    """Raises InvalidTraffic with the first field that cannot be used."""
    if kind not in _PARSERS:
        raise InvalidTraffic("kind", f"must be one of {', '.join(Kind)}")
    known, parse = _PARSERS[Kind(kind)]
    for name in raw:
        if name not in known:
            raise InvalidTraffic(name, f"is unknown; known are {', '.join(sorted(known))}")
    return parse(raw)


def _caddy(raw: Mapping[str, object]) -> Caddy:
    return Caddy(
        admin=_admin(raw.get("admin")),
        handler=_name("handler", raw.get("handler")),
        slots=_targets(raw.get("slots"), _dial),
        timeout_seconds=_timeout(raw.get("timeout_seconds", DEFAULT_TIMEOUT)),
    )


def _haproxy(raw: Mapping[str, object]) -> HaProxy:
    return HaProxy(
        admin=_admin(raw.get("admin")),
        backend=_name("backend", raw.get("backend")),
        slots=_targets(raw.get("slots"), _name),
        timeout_seconds=_timeout(raw.get("timeout_seconds", DEFAULT_TIMEOUT)),
    )


def _external(raw: Mapping[str, object]) -> External:
    slots = _slots(raw.get("slots"))
    return External(slots=slots, reported=_reported(raw.get("reported", {}), slots))


_PARSERS: Final[Mapping[str, tuple[Collection[str], Callable[[Mapping[str, object]], Traffic]]]] = {
    Kind.CADDY: ({"admin", "handler", "slots", "timeout_seconds"}, _caddy),
    Kind.HAPROXY: ({"admin", "backend", "slots", "timeout_seconds"}, _haproxy),
    Kind.EXTERNAL: ({"slots", "reported"}, _external),
}


def _admin(text: object) -> Admin:
    if isinstance(text, str) and _PATH.fullmatch(text):
        if len(text) > MAX_SOCKET_PATH:
            raise InvalidTraffic("admin", f"is longer than the {MAX_SOCKET_PATH} characters of a socket's path")
        return Admin(path=text)
    found = _ADDRESS.fullmatch(text) if isinstance(text, str) else None
    if not found or not 1 <= int(found[2]) <= 65_535:
        raise InvalidTraffic("admin", "must be host:port, or the path of a unix socket")
    return Admin(host=found[1], port=int(found[2]))


def _name(field: str, text: object) -> str:
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise InvalidTraffic(field, "must be 1 to 64 letters, digits, dots, dashes or underscores")
    return text


def _dial(field: str, text: object) -> str:
    if not isinstance(text, str) or not _DIAL.fullmatch(text):
        raise InvalidTraffic(field, "must be the upstream's dial address, such as 10.0.0.5:8000")
    return text


def _targets(raw: object, read: Callable[[str, object], str]) -> dict[str, str]:
    if not isinstance(raw, Mapping):
        raise InvalidTraffic("slots", "must be an object that says where each slot's traffic goes")
    found = {slot: read(f"slots.{slot}", raw[slot]) for slot in _slots(raw)}
    if len(set(found.values())) < len(found):
        raise InvalidTraffic("slots", "must lead to a place each; two lead to the same")
    return found


def _slots(raw: object) -> tuple[str, ...]:
    """The names: of a list, or of an object by slot."""
    if not isinstance(raw, Mapping | list | tuple) or not 2 <= len(raw) <= MAX_SLOTS:
        raise InvalidTraffic("slots", f"must be 2 to {MAX_SLOTS} slots")
    for slot in raw:
        if not isinstance(slot, str) or not _SLOT.fullmatch(slot):
            raise InvalidTraffic("slots", "must have names of 1 to 40 small letters, digits or inner dashes")
    if len(set(raw)) < len(raw):
        raise InvalidTraffic("slots", "must have different names")
    return tuple(raw)


def _timeout(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0.1 <= raw <= MAX_TIMEOUT:
        raise InvalidTraffic("timeout_seconds", f"must be from 0.1 to {MAX_TIMEOUT:g} seconds")
    return float(raw)


def _reported(raw: object, slots: Collection[str]) -> dict[str, int]:
    if not isinstance(raw, Mapping):
        raise InvalidTraffic("reported", "must be an object that gives each slot's weight")
    for slot, weight in raw.items():
        if slot not in slots:
            raise InvalidTraffic(f"reported.{slot}", "is no slot of this service")
        if isinstance(weight, bool) or not isinstance(weight, int) or weight < 0:
            raise InvalidTraffic(f"reported.{slot}", "must be a whole number from 0")
    return dict(raw)
