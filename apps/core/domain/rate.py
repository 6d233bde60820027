"""A token bucket as plain arithmetic. Time comes in as monotonic seconds."""

from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """Refills `rate` tokens a second up to `burst`; mutable because it sits on the hot path."""

    rate: float  # tokens a second
    burst: float  # tokens
    tokens: float
    at: float  # seconds, monotonic

    def take(self, at: float) -> float:
        """Take one token. Returns 0.0, or the seconds to wait until one is there."""
        self.tokens = min(self.burst, self.tokens + (at - self.at) * self.rate)
        self.at = at
        if self.tokens >= 1.0:
            self.tokens -= 1.0
            return 0.0
        return (1.0 - self.tokens) / self.rate
