"""Flag evaluations per CPU-second of the calling thread, ours and six Python peers', in one interleaved run.

How to run it and what the columns mean: benchmarks/README.md."""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from _crowd import ASKED, CROWD, EXPECTED_ON, FLAGS, KEYS, NOW, ROLLOUT, RULES, USERS, Contender, Entry, rule
from _peers import installed

from apps.flags.domain.engine import definitions as d
from apps.flags.domain.engine.compiler import compile_ruleset
from apps.flags.domain.engine.context import check_context


def ruleset(extra: Callable[[int], Sequence[d.Rule]] = lambda n: ()) -> d.Ruleset:
    flags = []
    for n, key in enumerate(KEYS):
        countries, plans = rule(n % RULES)
        when = d.All((d.In(("country",), countries), d.In(("plan",), plans)))
        ramp = d.Split((("on", ROLLOUT), ("off", 100_000 - ROLLOUT)))
        flags.append(
            d.Flag(
                key=key,
                type=d.FlagType.BOOLEAN,
                variants=(d.Variant("on", True), d.Variant("off", False)),
                status=d.FlagStatus.ON,
                rules=(*extra(n), d.Rule("rollout", when, ramp)),
                default_variant="off",
                off_variant="off",
                salt=key,
                client_exposed=True,
                version=1,
            )
        )
    return d.Ruleset(1, tuple(flags), ())


class Ours:
    def __init__(self) -> None:
        self.compiled = compile_ruleset(ruleset())
        self.never_seen = compile_ruleset(ruleset(listed))
        self.one = [
            Contender("PulseOps", self.evaluate, self.one_rate),
            Contender("PulseOps, context checked as well", self.check_and_evaluate, self.one_rate),
        ]
        self.many = [
            Contender("PulseOps, outcomes", self.evaluate_all, self.many_rate),
            Contender("PulseOps, outcomes and OFREP JSON", self.answer_all, self.many_rate),
            Contender("PulseOps, both, no two users alike", self.answer_strangers, self.many_rate),
        ]

    def evaluate(self) -> None:
        evaluate = self.compiled.evaluate
        for key, unit, country, plan in ASKED:
            evaluate(key, {"targetingKey": unit, "country": country, "plan": plan}, NOW)

    def check_and_evaluate(self) -> None:
        evaluate = self.compiled.evaluate
        for key, unit, country, plan in ASKED:
            evaluate(key, check_context({"targetingKey": unit, "country": country, "plan": plan}), NOW)

    def evaluate_all(self) -> None:
        for unit, country, plan in CROWD:
            self.compiled.evaluate_all({"targetingKey": unit, "country": country, "plan": plan}, NOW)

    def answer_all(self) -> None:
        for unit, country, plan in CROWD:
            self.compiled.answer_all({"targetingKey": unit, "country": country, "plan": plan}, NOW)

    def answer_strangers(self) -> None:
        for unit, country, plan in CROWD:
            self.never_seen.answer_all({"targetingKey": unit, "country": country, "plan": plan}, NOW)

    def one_rate(self) -> float:
        found = (
            self.compiled.evaluate(key, {"targetingKey": unit, "country": country, "plan": plan}, NOW)
            for key, unit, country, plan in ASKED
        )
        return statistics.fmean(bool(outcome and outcome.value) for outcome in found)

    def many_rate(self) -> float:
        bodies = (
            self.compiled.answer_all({"targetingKey": unit, "country": country, "plan": plan}, NOW)[1]
            for unit, country, plan in CROWD
        )
        return statistics.fmean(flag["value"] for body in bodies for flag in json.loads(body))


def listed(n: int) -> Sequence[d.Rule]:
    """Our worst case: each flag lists other users by name first, so that no two users share a plan."""
    names = tuple(unit for m, (unit, _, _) in enumerate(CROWD) if m * (2 * n + 3) % 2_003 < 200)
    return [d.Rule("listed", d.In(("targetingKey",), names), d.Fixed("off"))]


def measure(contenders: list[Contender], repetitions: int) -> dict[str, float]:
    """Median users per CPU-second. Interleaved, so that a busy machine slows all alike."""
    found: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(repetitions):
        for contender in contenders:
            started = time.thread_time()
            contender.run()
            found[contender.name].append(USERS / (time.thread_time() - started))
    return {name: statistics.median(rates) for name, rates in found.items()}


def report(title: str, contenders: list[Contender], repetitions: int) -> None:
    for contender in contenders:
        rate = contender.on_rate()
        if abs(rate - EXPECTED_ON) > 0.015:
            sys.exit(f"{contender.name} turns {rate:.1%} on, not about {EXPECTED_ON:.1%}: not the same work")
    rates = measure(contenders, repetitions)
    peers = {name: rate for name, rate in rates.items() if not name.startswith("PulseOps")}
    best = max(peers.values(), default=0.0)
    print(f"\n{title:46}{'per CPU-s':>12}{'us':>9}{'x best peer':>13}")
    for name, rate in sorted(rates.items(), key=lambda item: -item[1]):
        ratio = f"{rate / best:.1f}" if best else "-"
        print(f"{name:46}{rate:>12,.0f}{1e6 / rate:>9.2f}{ratio:>13}")


def compile_times() -> None:
    started = time.thread_time()
    compiled = compile_ruleset(ruleset())
    whole = time.thread_time() - started
    started = time.thread_time()
    compiled.replace(2, compiled.flags[:1])
    print(f"\ncompile {FLAGS} flags: {whole * 1e3:.1f} ms, one changed: {(time.thread_time() - started) * 1e3:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=9)
    repetitions = parser.parse_args().repetitions
    entries: list[Entry] = [Ours()]
    for package, entry in installed():
        entries.append(entry)
        print(f"{package} {version(package)}")
    report("one flag per user", [one for entry in entries for one in entry.one], repetitions)
    report(f"{FLAGS} flags per user", [many for entry in entries for many in entry.many], repetitions)
    compile_times()


if __name__ == "__main__":
    main()
