"""Token buckets of this process, one per API key and one per client address."""

import math
import time
from collections import OrderedDict

from apps.core.domain.rate import TokenBucket

BUCKETS_LIMIT = 50_000  # least recently used ones are forgotten first
BURST_SECONDS = 2.0


class RateLimiter:
    def __init__(self, rate: float) -> None:
        self.rate = rate  # requests a second
        self._buckets: OrderedDict[object, TokenBucket] = OrderedDict()

    def wait_seconds(self, who: object) -> int:
        """0 when the request may pass, else whole seconds for `Retry-After`."""
        at = time.monotonic()
        bucket = self._buckets.get(who)
        if bucket is not None:
            self._buckets.move_to_end(who)
        else:
            burst = self.rate * BURST_SECONDS
            bucket = self._buckets[who] = TokenBucket(self.rate, burst, burst, at)
            if len(self._buckets) > BUCKETS_LIMIT:
                self._buckets.popitem(last=False)
        wait = bucket.take(at)
        return math.ceil(wait) if wait else 0
