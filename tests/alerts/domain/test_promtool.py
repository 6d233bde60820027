"""Prometheus's own judge on the state machine: promtool runs random rules over random series and compares what fires
with what we say. Series have gaps and stale markers; the vectors that a query would find are made here."""

import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from apps.alerts.domain.instances import Instances, State, Vector, step
from apps.alerts.domain.labels import Labels, label_set
from apps.alerts.domain.rules import Comparison, Rule
from tests.alerts.domain.build import rule
from tests.parts import missing
from tests.scale import scaled

EVERY = 40  # seconds between evaluations; no multiple is LOOKBACK, whose edge moved between Prometheus 2 and 3
LOOKBACK = 300  # seconds for which a sample without a successor still counts
TICKS, RULES, SERIES = 100, 20, 3
FILES = scaled(short=12, long=500)
START = datetime(1970, 1, 1, tzinfo=UTC)
SIGNS = {Comparison.GT: ">", Comparison.GTE: ">=", Comparison.LT: "<", Comparison.LTE: "<="}
GAP, STALE = "_", "stale"
Samples = tuple[str, ...]  # as promtool writes them: whole numbers, gaps and stale markers


@dataclass(frozen=True, slots=True)
class Case:
    rules: tuple[Rule, ...]
    interval: int  # seconds between two samples
    series: dict[Labels, Samples]


@pytest.fixture(scope="module")
def promtool() -> str:
    program = shutil.which("promtool")
    if program is None:
        missing("promtool is not installed, so nobody outside judges alerts; on Debian: apt-get install prometheus")
    return program


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(FILES))
def test_prometheus_fires_what_we_fire(seed: int, promtool: str, tmp_path: Path) -> None:
    """One file each: 20 rules looked at 100 times, so 2,000 assertions about up to three series."""
    case = random_case(random.Random(seed), keeps=knows_keep_firing_for(promtool, tmp_path))
    expected = [looks(one, case) for one in case.rules]
    assert sum(bool(labels) for look in expected for labels in look) > TICKS  # a judge of silence judges nothing
    said = judge(promtool, tmp_path, case, expected)
    assert said.returncode == 0, said.stdout + said.stderr


def test_the_judge_sees_a_single_wrong_expectation(promtool: str, tmp_path: Path) -> None:
    case = random_case(random.Random(0), keeps=False)
    expected = [looks(one, case) for one in case.rules]
    expected[7][42] = [] if expected[7][42] else list(case.series)
    said = judge(promtool, tmp_path, case, expected)
    assert said.returncode == 1
    assert f"time: {duration(42 * EVERY)}," in said.stdout + said.stderr


def random_case(chance: random.Random, *, keeps: bool) -> Case:
    rules = tuple(random_rule(chance, n, keeps=keeps) for n in range(RULES))
    interval = chance.choice([EVERY // 2, EVERY, EVERY, 2 * EVERY])
    names = [label_set({"series": str(n)}) for n in range(SERIES)]
    return Case(rules, interval, {name: random_samples(chance, TICKS * EVERY // interval) for name in names})


def random_rule(chance: random.Random, number: int, *, keeps: bool) -> Rule:
    seconds = [0, 0, 20, 40, 60, 80, 120, 200, 320, 600]
    return replace(
        rule(comparison=chance.choice(list(Comparison)), threshold=chance.choice([3, 5, 5, 7])),
        key=f"rule_{number}",
        for_seconds=chance.choice(seconds),
        keep_firing_for_seconds=chance.choice(seconds) if keeps else 0,
    )


def random_samples(chance: random.Random, count: int) -> Samples:
    """Runs of values around the thresholds, broken by gaps, some longer than the lookback, and by stale markers."""
    samples: list[str] = []
    while len(samples) < count:
        kind = chance.choices([GAP, STALE, ""], [2, 1, 6])[0]
        run = chance.choice([1, 1, 2, 3, 5, 8, 12])
        samples += [kind or str(chance.randint(0, 10)) for _ in range(run)] if chance.random() < 0.5 else []
        samples += [kind or str(chance.choice([1, 5, 9]))] * run
    return tuple(samples[:count])


def looks(one: Rule, case: Case) -> list[list[Labels]]:
    """What fires, by us, at each evaluation."""
    found: list[list[Labels]] = []
    instances: Instances = {}
    for tick in range(TICKS):
        at = tick * EVERY
        instances = step(one, instances, vector(case, at), START + timedelta(seconds=at)).instances
        found.append([labels for labels, each in instances.items() if each.state is State.FIRING])
    return found


def vector(case: Case, at: int) -> Vector:
    values = {labels: newest(samples, case.interval, at) for labels, samples in case.series.items()}
    return {labels: value for labels, value in values.items() if value is not None}


def newest(samples: Samples, interval: int, at: int) -> float | None:
    """The newest sample that is not older than the lookback; None as well after a stale marker."""
    for n in range(min(at // interval, len(samples) - 1), -1, -1):
        if at - n * interval > LOOKBACK:
            return None
        if samples[n] != GAP:
            return None if samples[n] == STALE else float(samples[n])
    return None


def judge(
    promtool: str, folder: Path, case: Case, expected: list[list[list[Labels]]]
) -> subprocess.CompletedProcess[str]:
    series = [{"series": f"m{braces(labels)}", "values": " ".join(case.series[labels])} for labels in case.series]
    test = {"interval": duration(case.interval), "input_series": series}
    write(folder / "rules.yml", {"groups": [{"name": "all", "rules": [as_yaml(one) for one in case.rules]}]})
    write(
        folder / "test.yml",
        {
            "rule_files": ["rules.yml"],
            "evaluation_interval": duration(EVERY),
            "tests": [test | {"alert_rule_test": list(assertions(case.rules, expected))}],
        },
    )
    command = [promtool, "test", "rules", "test.yml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def assertions(rules: tuple[Rule, ...], expected: list[list[list[Labels]]]) -> Iterator[dict[str, Any]]:
    for one, look in zip(rules, expected, strict=True):
        for tick, firing in enumerate(look):
            alerts = [{"exp_labels": dict(labels)} for labels in firing]
            yield {"eval_time": duration(tick * EVERY), "alertname": one.key, "exp_alerts": alerts}


def as_yaml(one: Rule) -> dict[str, Any]:
    raw = {"alert": one.key, "expr": f"m {SIGNS[one.comparison]} {one.threshold:g}", "for": duration(one.for_seconds)}
    keeps = {"keep_firing_for": duration(one.keep_firing_for_seconds)} if one.keep_firing_for_seconds else {}
    return raw | keeps


def knows_keep_firing_for(promtool: str, folder: Path) -> bool:
    """Since Prometheus 2.42."""
    asked = rule(keep_firing_for_seconds=60)
    write(folder / "asked.yml", {"groups": [{"name": "asked", "rules": [as_yaml(asked)]}]})
    command = [promtool, "check", "rules", "asked.yml"]
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False).returncode == 0


def braces(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}"


def duration(seconds: int) -> str:
    """As Prometheus prints it, so that its messages can be looked up."""
    hours, rest = divmod(seconds, 3_600)
    minutes, rest = divmod(rest, 60)
    words = [f"{count}{unit}" for count, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if count]
    return "".join(words) or "0s"


def write(path: Path, content: object) -> None:
    path.write_text(yaml.dump(content, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper)))
