"""The instances of a rule as JSON, so that a whole rule is one value to keep. To values and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .instances import Instance, Instances, State
from .labels import Labels, label_set

_MOMENTS = ("active_at", "fired_at", "keep_firing_since", "resolved_at", "no_data_since")


def dump_instances(instances: Instances) -> list[dict[str, Any]]:
    """In the order of the labels. What an instance does not have is left out."""
    return [_dump(labels, instances[labels]) for labels in sorted(instances)]


def load_instances(raw: list[dict[str, Any]]) -> dict[Labels, Instance]:
    """What dump_instances wrote; nothing else is expected here."""
    return {label_set(one["labels"]): _load(one) for one in raw}


def _dump(labels: Labels, instance: Instance) -> dict[str, Any]:
    moments = {name: getattr(instance, name) for name in _MOMENTS}
    raw = {"labels": dict(labels), "state": instance.state.value}
    value = {} if instance.value is None else {"value": _number(instance.value)}
    return raw | value | {name: moment.isoformat() for name, moment in moments.items() if moment}


def _load(raw: Mapping[str, Any]) -> Instance:
    moments = {name: datetime.fromisoformat(raw[name]) for name in _MOMENTS if name in raw}
    value = float(raw["value"]) if "value" in raw else None
    return Instance(State(raw["state"]), value, **moments)


def _number(value: float) -> float | str:
    """JSON has no infinity; float() reads the text back."""
    return value if abs(value) < float("inf") else str(value)
