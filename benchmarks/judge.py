"""How often the judge of deployments is right, beside a judge like Kayenta's on the same simulated canaries.

A canary with 60 requests a minute against a baseline with 1,140, one look a minute. The shares are of canaries that a
judge has called bad by so many minutes: false alarms where both sides have the same errors.
"""

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from apps.deployments.domain.judging.judge import judge
from apps.deployments.domain.judging.policy import Look
from apps.deployments.domain.observations import Side
from tests.deployments.kayenta import is_high
from tests.deployments.simulated import POLICY, History, Release, first_bad, ours, share_by

LOOKS, NEEDED = 60, 6  # Kayenta's judge wants some minutes before it says anything
MINUTES = (5, 10, 20, 40, 60)
RELEASES = (
    ("0.1 % on both", Release(canary_errors=0.001, baseline_errors=0.001)),
    ("1 % on both", Release(canary_errors=0.01, baseline_errors=0.01)),
    ("0.1 % to 0.5 %", Release(canary_errors=0.005, baseline_errors=0.001)),
    ("0.1 % to 1 %", Release(canary_errors=0.01, baseline_errors=0.001)),
    ("0.1 % to 2 %", Release(canary_errors=0.02, baseline_errors=0.001)),
    ("0.1 % to 10 %", Release(canary_errors=0.1, baseline_errors=0.001)),
)


def kayenta_like(history: History, looks: int) -> bool:
    """At every look, as ours."""
    return len(history) >= NEEDED and is_high(
        [counts.canary / counts.canary_requests for counts in history],
        [counts.baseline / counts.baseline_requests for counts in history],
    )


def kayenta_like_once(history: History, looks: int) -> bool:
    """Only at the looks of MINUTES."""
    return len(history) in MINUTES and kayenta_like(history, looks)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--canaries", type=int, default=400, help="of each kind")
    canaries = options.parse_args().canaries
    print(f"{canaries} canaries of each kind; errors of the baseline to errors of the canary")
    print(f"{'':16}{'judge':22}{'bad by minute':>14}" + "".join(f"{minute:>9}" for minute in MINUTES))
    for seed, (name, release) in enumerate(RELEASES):
        chance = random.Random(seed)
        runs = [first_bad(release, chance, LOOKS, ours, kayenta_like, kayenta_like_once) for _ in range(canaries)]
        for place, judged in enumerate(("ours", "like Kayenta's", "the same, at 5 looks")):
            found = [run[place] for run in runs]
            shares = "".join(f"{100 * share_by(minute, found):>7.2f} %" for minute in MINUTES)
            print(f"{name:16}{judged:22}{'':14}{shares}")
    print(
        f"one step of {LOOKS} looks, latencies of all 72,000 requests included: {seconds_of_a_step():.2f} CPU seconds"
    )


def seconds_of_a_step() -> float:
    chance = random.Random(1)
    canary, baseline = ([chance.lognormvariate(4.6, 0.4) for _ in range(count * LOOKS)] for count in (60, 1_140))
    sides = [
        (
            Side(requests=60 * look, errors=look // 2, latencies=canary[: 60 * look]),
            Side(requests=1_140 * look, errors=look, latencies=baseline[: 1_140 * look]),
        )
        for look in range(1, LOOKS + 1)
    ]
    started = time.process_time()
    for look, (one, other) in enumerate(sides, start=1):
        judge(one, other, Look(look, LOOKS), POLICY)
    return time.process_time() - started


if __name__ == "__main__":
    main()
