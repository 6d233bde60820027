"""The only place that reads the clock. Edges call it and pass `at` down; nothing else does."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
