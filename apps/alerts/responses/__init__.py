"""What an alert may do by itself: a file for each app below, and the registry of their kinds.

A response finds what it acts on, says when that was last changed by somebody else, acts, and takes back what it did. It
decides nothing about when: that is domain/guarding.py and services/responding.py.
"""

from collections.abc import Mapping
from typing import Any

from apps.alerts.responses import flags
from apps.alerts.responses.kinds import Kind
from apps.flags.domain.engine.definitions import InvalidDefinition
from apps.flags.domain.engine.reading import read_flag, read_number, read_object

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (flags.KILL, flags.ROLL_BACK)}
LIMITS = {"cooldown_seconds": 900, "daily_budget": 3, "changed_within_seconds": 3_600}


def read_response(raw: Mapping[str, Any]) -> dict[str, Any]:
    """`{"kind", "dry_run", ...}` with the fields of its kind and of its limits; empty: nothing happens by itself.
    Raises InvalidDefinition."""
    if not raw:
        return {}
    kind = KINDS.get(str(raw.get("kind", "")))
    if kind is None:
        raise InvalidDefinition("response.kind", f"must be one of {', '.join(KINDS)}")
    fields = read_object("response", dict(raw), {"kind", *kind.fields}, {"dry_run", *LIMITS})
    limits = {name: read_number(f"response.{name}", fields.get(name, usual)) for name, usual in LIMITS.items()}
    if any(value < 0 or value != int(value) for value in limits.values()):
        raise InvalidDefinition("response", f"{', '.join(LIMITS)} must be whole numbers, not below 0")
    return {
        "kind": kind.name,
        "dry_run": read_flag("response.dry_run", fields.get("dry_run", False)),
        **kind.read(fields),
        **{name: int(value) for name, value in limits.items()},
    }
