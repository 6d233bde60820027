"""Flag evaluations per CPU-second of the calling thread, ours and the fastest Python peers', in one interleaved run.

How to run it and what the columns mean: benchmarks/README.md."""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from apps.flags.domain.engine import definitions as d
from apps.flags.domain.engine.compiler import compile_ruleset
from apps.flags.domain.engine.context import check_context

COUNTRIES = ("US", "CA", "DE", "FR", "GB", "JP", "BR", "IN")
PLANS = ("free", "pro", "team", "enterprise")
FLAGS, RULES, USERS, ROLLOUT = 100, 6, 2_000, 30_000
EXPECTED_ON = 0.075  # half of the countries, half of the plans, 30 % of those
NOW = 1_767_603_600.0  # seconds since 1970
KEYS = [f"flag-{n}" for n in range(FLAGS)]

User = tuple[str, str, str]  # id, country, plan


@dataclass(frozen=True)
class Contender:
    name: str
    run: Callable[[], None]  # answers every user once
    on_rate: Callable[[], float]  # share of answers that are on, not timed


def rule(n: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The countries and plans of the n-th distinct rule."""
    return tuple(islice(cycle(COUNTRIES), n, n + 4)), tuple(islice(cycle(PLANS), n, n + 2))


def users() -> list[User]:
    return [(f"user-{n}", COUNTRIES[n % 8], PLANS[n // 8 % 4]) for n in range(USERS)]


CROWD = users()
# One flag per user, all flags in turn.
ASKED = [(KEYS[n * 7 % FLAGS], *user) for n, user in enumerate(CROWD)]


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


class GrowthBook:
    def __init__(self) -> None:
        types = import_module("growthbook.common_types")
        self.eval_feature = import_module("growthbook.core").eval_feature
        self.Evaluation, self.User, self.Stack = types.EvaluationContext, types.UserContext, types.StackContext
        features = dict(self.feature(n) for n in range(FLAGS))
        self.reused = import_module("growthbook").GrowthBook(features=features)
        parsed = {key: types.Feature(**feature) for key, feature in features.items()}
        self.everywhere = types.GlobalContext(types.Options(), parsed)
        self.one = [
            Contender("growthbook, reused object", self.is_on, self.reused_rate),
            Contender("growthbook, core.eval_feature", self.evaluate, self.core_rate),
        ]
        self.many = [Contender("growthbook, core.eval_feature", self.evaluate_all, self.core_rate)]

    def feature(self, n: int) -> tuple[str, dict[str, Any]]:
        countries, plans = rule(n % RULES)
        condition = {"country": {"$in": list(countries)}, "plan": {"$in": list(plans)}}
        bucketing = {"coverage": ROLLOUT / 100_000, "hashVersion": 2, "hashAttribute": "id", "seed": KEYS[n]}
        return KEYS[n], {"defaultValue": False, "rules": [{"condition": condition, "force": True, **bucketing}]}

    def context(self, unit: str, country: str, plan: str) -> Any:
        attributes = {"id": unit, "country": country, "plan": plan}
        return self.Evaluation(self.User(attributes=attributes), self.everywhere, self.Stack())

    def is_on(self) -> None:
        for key, unit, country, plan in ASKED:
            self.reused.set_attributes({"id": unit, "country": country, "plan": plan})
            self.reused.is_on(key)

    def evaluate(self) -> None:
        for key, *user in ASKED:
            self.eval_feature(key, self.context(*user))

    def evaluate_all(self) -> None:
        for user in CROWD:
            asked = self.context(*user)
            for key in KEYS:
                asked.stack.evaluated_features.clear()
                self.eval_feature(key, asked)

    def core_rate(self) -> float:
        return statistics.fmean(bool(self.eval_feature(key, self.context(*user)).on) for key, *user in ASKED)

    def reused_rate(self) -> float:
        answers = []
        for key, unit, country, plan in ASKED:
            self.reused.set_attributes({"id": unit, "country": country, "plan": plan})
            answers.append(self.reused.is_on(key))
        return statistics.fmean(answers)


class Statsig:
    """Exposure logging is off, which is faster than what its users get by default."""

    def __init__(self) -> None:
        core = import_module("statsig_python_core")
        self.User = core.StatsigUser
        self.quiet = core.FeatureGateEvaluationOptions(disable_exposure_logging=True)
        self.server = self.offline(core, import_module("statsig_python_core.data_store"))
        self.one = [Contender("statsig, check_gate", self.check_gate, self.one_rate)]
        self.many = [Contender("statsig, initialize response", self.initialize_response, self.many_rate)]

    def offline(self, core: Any, store: Any) -> Any:
        """A server that reads its specs from memory and never opens a connection."""
        found = store.DataStoreResponse(json.dumps(_statsig_specs()), 1)
        read = {"get": lambda self, key: found if "download_config_specs" in key else None}
        options = core.StatsigOptions(
            data_store=type("Memory", (store.DataStore,), read)(),
            disable_network=True,
            disable_all_logging=True,
            disable_country_lookup=True,
            output_log_level="none",
        )
        server = core.Statsig("secret-offline", options)
        server.initialize().wait()
        return server

    def check_gate(self) -> None:
        for key, unit, country, plan in ASKED:
            self.server.check_gate(self.User(unit, country=country, custom={"plan": plan}), key, self.quiet)

    def initialize_response(self) -> None:
        for unit, country, plan in CROWD:
            user = self.User(unit, country=country, custom={"plan": plan})
            self.server.get_client_initialize_response(user, hash="none")

    def one_rate(self) -> float:
        return statistics.fmean(
            self.server.check_gate(self.User(unit, country=country, custom={"plan": plan}), key, self.quiet)
            for key, unit, country, plan in ASKED
        )

    def many_rate(self) -> float:
        answers = []
        for unit, country, plan in CROWD:
            user = self.User(unit, country=country, custom={"plan": plan})
            body = json.loads(self.server.get_client_initialize_response(user, hash="none"))
            answers += [gate["value"] for gate in body["feature_gates"].values()]
        return statistics.fmean(answers)


def _statsig_specs() -> dict[str, Any]:
    conditions, gates = {}, {}
    for n in range(RULES):
        for field, wanted in zip(("country", "plan"), rule(n), strict=True):
            condition = {"type": "user_field", "operator": "any", "field": field, "targetValue": wanted}
            conditions[f"{field}-{n}"] = {**condition, "additionalValues": {}, "idType": "userID"}
    for n, key in enumerate(KEYS):
        rollout = {"name": "rollout", "id": "rollout", "salt": key, "passPercentage": ROLLOUT / 1_000}
        named = [f"country-{n % RULES}", f"plan-{n % RULES}"]
        kind = {"name": key, "type": "feature_gate", "entity": "feature_gate", "salt": key, "idType": "userID"}
        rules = [{**rollout, "returnValue": True, "idType": "userID", "conditions": named}]
        gates[key] = {**kind, "enabled": True, "defaultValue": False, "version": 1, "rules": rules}
    empty: dict[str, Any] = {"dynamic_configs": {}, "layer_configs": {}, "layers": {}, "experiment_to_layer": {}}
    return {**empty, "time": 1, "has_updates": True, "condition_map": conditions, "feature_gates": gates}


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
    entries: list[Ours | GrowthBook | Statsig] = [Ours()]
    for package, enter in (("growthbook", GrowthBook), ("statsig-python-core", Statsig)):
        try:
            entries.append(enter())
            print(f"{package} {version(package)}")
        except ImportError as missing:
            print(f"{package} is missing, so it is not compared ({missing}); see benchmarks/README.md")
    report("one flag per user", [one for entry in entries for one in entry.one], repetitions)
    report(f"{FLAGS} flags per user", [many for entry in entries for many in entry.many], repetitions)
    compile_times()


if __name__ == "__main__":
    main()
