"""How long a test with a long form runs: short and seeded in the suite, in full in `make prove`."""

import os

PROVE = bool(os.environ.get("PULSEOPS_PROVE"))


def scaled(*, short: int, long: int) -> int:
    """The count to use now. Both counts are stated where the test is, and in benchmarks/README.md."""
    return long if PROVE else short
