"""JSON that the domain reads, and plain building blocks. What it may hold is the domain's to say."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from apps.flags.domain.engine.text import UNSTORABLE, is_storable


class Document(serializers.DictField):
    """An object of anything that the database can keep."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            self.fail("not_a_dict", input_type=type(data).__name__)
        if not _can_be_kept(data):
            raise serializers.ValidationError(UNSTORABLE)
        return dict(data)


def _can_be_kept(value: object) -> bool:
    if isinstance(value, str):
        return is_storable(value)
    if isinstance(value, Mapping):
        return all(_can_be_kept(part) for pair in value.items() for part in pair)
    return all(map(_can_be_kept, value)) if isinstance(value, list) else True


class InOrder(serializers.ListSerializer[Any]):
    """Rows that belong to another, the oldest first, whatever order they were read in."""

    def to_representation(self, data: Any) -> list[Any]:
        return super().to_representation(sorted(data.all(), key=lambda row: row.pk))
