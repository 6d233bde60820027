"""Overrides of single users as people change them: one user more, the expired ones gone. Pure."""

from dataclasses import replace
from datetime import datetime

from .engine.definitions import Override

Overrides = tuple[Override, ...]


def is_expired(override: Override, at: datetime) -> bool:
    return override.expires_at is not None and override.expires_at <= at


def without_expired(overrides: Overrides, at: datetime) -> Overrides:
    return tuple(one for one in overrides if not is_expired(one, at))


def with_user(overrides: Overrides, unit: str, variant: str, expires_at: datetime | None) -> Overrides:
    """This user gets `variant` from now on, whatever the user had before."""
    others = [replace(one, targeting_keys=tuple(key for key in one.targeting_keys if key != unit)) for one in overrides]
    kept = [one for one in others if one.targeting_keys]
    for n, one in enumerate(kept):
        if (one.variant, one.expires_at) == (variant, expires_at):
            kept[n] = replace(one, targeting_keys=(*one.targeting_keys, unit))
            return tuple(kept)
    return (*kept, Override(variant, (unit,), expires_at))
