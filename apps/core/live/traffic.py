"""How many requests of each kind this process answered. Counted in the event loop's thread alone, so no lock."""

from collections import Counter

requests: Counter[tuple[str, int]] = Counter()  # (kind of address, status)
