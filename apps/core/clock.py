"""The only place that reads the clock. Edges and a process's own threads call it and pass `at` down."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def seconds() -> float:
    """Now in seconds since 1970, as the evaluation engine takes it."""
    return time.time()
