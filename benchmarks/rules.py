"""CPU seconds that one round of 2,000 rules over 100 series each takes: the state machine alone, no samples read.

`CPU s/round` is the median of the rounds after the first three, in which everything begins; `ratio` is that to the
4 CPU seconds that Prometheus 2.42 needs for a round, samples read. `as JSON`: writing out all instances."""

import argparse
import random
import statistics
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from apps.alerts.domain.instances import Instances, State, Vector, step
from apps.alerts.domain.labels import label_set
from apps.alerts.domain.rules import Aggregate, Comparison, NoData, Query, Rule, Severity
from apps.alerts.domain.storing import dump_instances

RULES, SERIES = 2_000, 100
ROUND_SECONDS = 15
ALLOWED = 4.0  # CPU seconds
START = datetime(2026, 3, 1, tzinfo=UTC)
RULE = Rule(
    key="load",
    name="Load",
    severity=Severity.WARNING,
    query=Query(metric="load", aggregate=Aggregate.AVG, window_seconds=300),
    comparison=Comparison.GT,
    threshold=0.92,
    for_seconds=30,
    keep_firing_for_seconds=60,
)
LABELS = [label_set({"instance": f"10.0.{n}.1:9100", "job": "node", "zone": f"zone-{n % 3}"}) for n in range(SERIES)]


def vectors(rounds: int, *, seed: int = 1) -> list[list[Vector]]:
    """By round, then by rule. A series keeps near its own level: few are bad, and mostly the same ones."""
    chance = random.Random(seed)
    levels = [[chance.random() for _ in LABELS] for _ in range(RULES)]
    return [
        [{name: level + chance.gauss(0, 0.02) for name, level in zip(LABELS, row, strict=True)} for row in levels]
        for _ in range(rounds)
    ]


def run(rule: Rule, answers: list[list[Vector]]) -> tuple[list[float], list[Instances]]:
    """CPU seconds of each round, and what is known after the last."""
    rules = [replace(rule, key=f"load_{n}") for n in range(RULES)]
    known: list[Instances] = [{} for _ in rules]
    spent = []
    for number, found in enumerate(answers):
        at = START + timedelta(seconds=ROUND_SECONDS * number)
        started = time.thread_time()
        stepped = [step(one, before, vector, at) for one, before, vector in zip(rules, known, found, strict=True)]
        spent.append(time.thread_time() - started)
        known = [one.instances for one in stepped]
    return spent, known


def report(title: str, rule: Rule, answers: list[list[Vector]]) -> None:
    spent, known = run(rule, answers)
    settled = statistics.median(spent[3:])
    firing = sum(one.state is State.FIRING for instances in known for one in instances.values())
    started = time.thread_time()
    for instances in known:
        dump_instances(instances)
    kept = time.thread_time() - started
    print(f"{title:38}{firing:>9,}{settled:>13.3f}{settled / ALLOWED:>8.3f}{max(spent):>13.3f}{kept:>13.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    answers = vectors(parser.parse_args().rounds)
    print(f"{RULES:,} rules, {SERIES} series each; ratio to {ALLOWED:g} CPU seconds\n")
    print(f"{'':38}{'firing':>9}{'CPU s/round':>13}{'ratio':>8}{'worst round':>13}{'as JSON':>13}")
    report("a tenth of the series is bad", RULE, answers)
    report("none is", replace(RULE, threshold=10), answers)
    report("all are", replace(RULE, threshold=-10), answers)
    report("a tenth, and no data is its own state", replace(RULE, no_data=NoData.OWN_STATE), answers)


if __name__ == "__main__":
    main()
