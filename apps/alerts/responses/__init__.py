"""What an alert may do by itself: a file for each app below and for what is outside, and the registry of their kinds.

A response finds what it acts on, says when that was last changed by somebody else, acts, and takes back what it did. It
decides nothing about when: that is domain/guarding.py and services/responding.py.
"""

from collections.abc import Mapping
from typing import Any

from apps.alerts.responses import deployments, flags, webhooks
from apps.alerts.responses.kinds import Call, Deed, Kind
from apps.flags.domain.engine.definitions import InvalidDefinition
from apps.flags.domain.engine.reading import read_flag, read_number, read_object

_DEEDS = (flags.KILL, flags.PAUSE, flags.ROLL_BACK, deployments.ROLL_BACK, deployments.HOLD)
DEEDS: Mapping[str, Deed] = {kind.name: kind for kind in _DEEDS}
CALLS: Mapping[str, Call] = {kind.name: kind for kind in (webhooks.CALL_WEBHOOK,)}
KINDS: Mapping[str, Kind] = {**DEEDS, **CALLS}
LIMITS = {name: usual for kind in KINDS.values() for name, usual in kind.limits.items()}  # of any kind


def read_response(raw: Mapping[str, Any]) -> dict[str, Any]:
    """`{"kind", "dry_run", ...}` with the fields of its kind and of its limits; empty: nothing happens by itself.
    Raises InvalidDefinition."""
    if not raw:
        return {}
    kind = KINDS.get(str(raw.get("kind", "")))
    if kind is None:
        raise InvalidDefinition("response.kind", f"must be one of {', '.join(KINDS)}")
    fields = read_object("response", dict(raw), {"kind", *kind.fields}, {"dry_run", *kind.optional, *kind.limits})
    limits = {name: read_number(f"response.{name}", fields.get(name, usual)) for name, usual in kind.limits.items()}
    if any(value < 0 or value != int(value) for value in limits.values()):
        raise InvalidDefinition("response", f"{', '.join(limits)} must be whole numbers, not below 0")
    return {
        "kind": kind.name,
        "dry_run": read_flag("response.dry_run", fields.get("dry_run", False)),
        **kind.read(fields),
        **{name: int(value) for name, value in limits.items()},
    }


def rights_to_undo(kind: str, *, protected: bool) -> tuple[str, ...]:
    """Permissions, all of which are needed. What cannot be undone needs no more than asking."""
    deed = DEEDS.get(kind)
    return ("alerts.change_alert", *(deed.rights(protected=protected) if deed else ()))
