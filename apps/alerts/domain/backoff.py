"""When a delivery that failed is tried again: exponential, with full jitter, up to a horizon."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Backoff:
    base_seconds: float = 5.0  # the longest wait before the second attempt; it doubles with each one
    longest_seconds: float = 3_600.0
    shortest_seconds: float = 1.0  # jitter reaches down to 0, which would hit a server that is already down
    horizon_seconds: float = 86_400.0  # from the first attempt; nothing is tried later


STANDARD = Backoff()


def delay_seconds(backoff: Backoff, attempts: int, seed: int) -> float:
    """How long to wait after so many failed attempts, at least one. One seed each for what is delivered: what failed
    together is not tried again together."""
    doublings = min(attempts - 1, 62)
    ceiling = min(backoff.longest_seconds, backoff.base_seconds * 2.0**doublings)
    return max(backoff.shortest_seconds, ceiling * _fraction(seed, attempts))


def next_attempt_at(
    backoff: Backoff, *, first_at: datetime, attempts: int, seed: int, at: datetime, asked_seconds: float = 0.0
) -> datetime | None:
    """After a failure at `at`; None when that would be past the horizon, and it is given up. `asked_seconds` is what
    the server wants us to wait, such as by Retry-After."""
    wait = max(delay_seconds(backoff, attempts, seed), asked_seconds)
    horizon = (first_at - at).total_seconds() + backoff.horizon_seconds
    return at + timedelta(seconds=wait) if wait <= horizon else None


def _fraction(seed: int, attempts: int) -> float:
    """From 0 to 1, evenly spread, the same for the same numbers."""
    digest = hashlib.blake2b(f"{seed}:{attempts}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
