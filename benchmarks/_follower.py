"""A process that only follows: prints version and moment (CLOCK_MONOTONIC, ns) of each swap of its rulesets."""

import time
from typing import TYPE_CHECKING

import _installation  # noqa: F401 - finds the portal
import django

if TYPE_CHECKING:
    from apps.flags.live.rulesets import Published


def main() -> None:
    django.setup()
    from apps.flags.live.rulesets import rulesets
    from pulseops import wiring

    def swapped(published: "Published") -> None:
        print(published.environment_id, published.version, time.monotonic_ns(), flush=True)

    rulesets.listen(swapped)
    wiring.follower().run()


if __name__ == "__main__":
    main()
