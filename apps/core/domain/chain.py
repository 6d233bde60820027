"""The hash chain over audit entries: what one link covers. No storage, no clock."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

GENESIS = bytes(32)


def link(previous: bytes, entry: Mapping[str, Any]) -> bytes:
    """SHA-256 over the previous link (32 bytes) and the entry as canonical JSON (sorted keys, no spaces)."""
    canonical = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(previous + canonical.encode()).digest()
