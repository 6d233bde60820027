"""What changed between two plain mappings, in the shape the audit trail keeps."""

from collections.abc import Mapping
from typing import Any

Changes = dict[str, list[Any]]  # field name -> [before, after]


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """Every field whose value differs, as `[before, after]`; a missing side is None."""
    names = [*before, *(name for name in after if name not in before)]
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}
