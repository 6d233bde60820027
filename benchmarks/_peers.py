"""The peers of evaluation.py: each builds the same flags in its own words and answers the same crowd, without network.

What a peer does besides evaluating (events, exposures, metrics) is off, which is faster than what its users get.
"""

import json
import logging
import statistics
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from _crowd import ASKED, CROWD, FLAGS, KEYS, ROLLOUT, RULES, Contender, Entry, rule


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


class Asked:
    """A peer that answers by flag and user, and all flags at once or one after the other."""

    name = bulk_name = ""

    def __init__(self) -> None:
        self.start()
        self.one = [Contender(self.name, self.ask_each, self.one_rate)]
        self.many = [Contender(self.bulk_name, self.ask_all, self.many_rate)]

    def start(self) -> None:
        raise NotImplementedError

    def is_on(self, key: str, unit: str, country: str, plan: str) -> bool:
        raise NotImplementedError

    def all_on(self, unit: str, country: str, plan: str) -> list[bool]:
        raise NotImplementedError

    def ask_each(self) -> None:
        for asked in ASKED:
            self.is_on(*asked)

    def ask_all(self) -> None:
        for user in CROWD:
            self.all_on(*user)

    def one_rate(self) -> float:
        return statistics.fmean(self.is_on(*asked) for asked in ASKED)

    def many_rate(self) -> float:
        return statistics.fmean(on for user in CROWD for on in self.all_on(*user))


class Unleash(Asked):
    """Has no bulk call, so all flags are a loop over one context."""

    name, bulk_name = "unleash, is_enabled", "unleash, is_enabled in a loop"

    def start(self) -> None:
        cache = import_module("UnleashClient.cache").FileCache("bench", directory=tempfile.mkdtemp())
        cache.bootstrap_from_dict({"version": 2, "features": [self.feature(n) for n in range(FLAGS)]})
        self.client = import_module("UnleashClient").UnleashClient(
            "http://127.0.0.1:9/api", "bench", cache=cache, disable_metrics=True, disable_registration=True
        )
        self.client.initialize_client(fetch_toggles=False)

    def feature(self, n: int) -> dict[str, Any]:
        constraints = [
            {"contextName": name, "operator": "IN", "values": wanted}
            for name, wanted in zip(("country", "plan"), rule(n % RULES), strict=True)
        ]
        parameters = {"rollout": str(ROLLOUT // 1_000), "stickiness": "userId", "groupId": KEYS[n]}
        strategy = {"name": "flexibleRollout", "parameters": parameters, "constraints": constraints}
        return {"name": KEYS[n], "type": "release", "enabled": True, "strategies": [strategy]}

    def is_on(self, key: str, unit: str, country: str, plan: str) -> bool:
        context = {"userId": unit, "properties": {"country": country, "plan": plan}}
        return bool(self.client.is_enabled(key, context))

    def all_on(self, unit: str, country: str, plan: str) -> list[bool]:
        context = {"userId": unit, "properties": {"country": country, "plan": plan}}
        return [self.client.is_enabled(key, context) for key in KEYS]


class Flagsmith(Asked):
    """A segment per flag, because a percentage belongs to a segment there."""

    name, bulk_name = "flagsmith, local", "flagsmith, local, all flags"

    def start(self) -> None:
        segments = [self.segment(n) for n in range(FLAGS)]
        environment = {
            "api_key": "bench",
            "name": "bench",
            "feature_states": [self.state(n, enabled=False) for n in range(FLAGS)],
            "identity_overrides": [],
            "project": {"segments": segments},
        }
        handler = type("Memory", (), {"get_environment": lambda self: environment})()
        self.client = import_module("flagsmith").Flagsmith(offline_mode=True, offline_handler=handler)

    def state(self, n: int, *, enabled: bool) -> dict[str, Any]:
        feature = {"id": n, "name": KEYS[n], "type": "STANDARD"}
        known: dict[str, Any] = {"featurestate_uuid": f"{n}-{enabled}", "multivariate_feature_state_values": []}
        return {**known, "feature": feature, "enabled": enabled, "feature_state_value": None, "django_id": n}

    def segment(self, n: int) -> dict[str, Any]:
        conditions = [
            {"operator": "IN", "property_": name, "value": ",".join(wanted)}
            for name, wanted in zip(("country", "plan"), rule(n % RULES), strict=True)
        ]
        share = {"operator": "PERCENTAGE_SPLIT", "property_": "", "value": str(ROLLOUT / 1_000)}
        state = {**self.state(n, enabled=True), "feature_segment": {"priority": 0}}
        rules = [{"type": "ALL", "conditions": [*conditions, share], "rules": []}]
        return {"id": n, "name": KEYS[n], "rules": rules, "feature_states": [state]}

    def is_on(self, key: str, unit: str, country: str, plan: str) -> bool:
        flags = self.client.get_identity_flags(unit, {"country": country, "plan": plan})
        return bool(flags.is_feature_enabled(key))

    def all_on(self, unit: str, country: str, plan: str) -> list[bool]:
        flags = self.client.get_identity_flags(unit, {"country": country, "plan": plan})
        return [flag.enabled for flag in flags.all_flags()]


class LaunchDarkly(Asked):
    name, bulk_name = "launchdarkly, variation", "launchdarkly, all_flags_state"

    def start(self) -> None:
        logging.getLogger("ldclient").setLevel(logging.ERROR)
        ld = import_module("ldclient")
        kinds = import_module("ldclient.versioned_data_kind")
        store = import_module("ldclient.feature_store").InMemoryFeatureStore()
        store.init({kinds.FEATURES: {key: self.flag(n) for n, key in enumerate(KEYS)}, kinds.SEGMENTS: {}})
        config = import_module("ldclient.config").Config("bench", feature_store=store, use_ldd=True, send_events=False)
        self.client, self.builder = ld.LDClient(config), ld.Context.builder

    def flag(self, n: int) -> dict[str, Any]:
        clauses = [
            {"attribute": name, "op": "in", "values": list(wanted)}
            for name, wanted in zip(("country", "plan"), rule(n % RULES), strict=True)
        ]
        weights = [{"variation": 0, "weight": ROLLOUT}, {"variation": 1, "weight": 100_000 - ROLLOUT}]
        rules = [{"id": "rollout", "clauses": clauses, "rollout": {"variations": weights}}]
        fixed = {"fallthrough": {"variation": 1}, "offVariation": 1, "variations": [True, False]}
        return {"key": KEYS[n], "version": 1, "on": True, "salt": KEYS[n], "rules": rules, **fixed}

    def context(self, unit: str, country: str, plan: str) -> Any:
        return self.builder(unit).set("country", country).set("plan", plan).build()

    def is_on(self, key: str, unit: str, country: str, plan: str) -> bool:
        return bool(self.client.variation(key, self.context(unit, country, plan), False))

    def all_on(self, unit: str, country: str, plan: str) -> list[bool]:
        state = self.client.all_flags_state(self.context(unit, country, plan))
        return list(state.to_values_map().values())


class PostHog(Asked):
    name, bulk_name = "posthog, feature_enabled", "posthog, get_all_flags"

    def start(self) -> None:
        logging.getLogger("posthog").setLevel(logging.ERROR)
        self.client = import_module("posthog").Posthog("bench", host="http://127.0.0.1:9", send=False)
        self.client.feature_flags = [self.flag(n) for n in range(FLAGS)]
        self.quiet = {"only_evaluate_locally": True}

    def flag(self, n: int) -> dict[str, Any]:
        properties = [
            {"key": name, "value": list(wanted), "operator": "exact", "type": "person"}
            for name, wanted in zip(("country", "plan"), rule(n % RULES), strict=True)
        ]
        groups = [{"properties": properties, "rollout_percentage": ROLLOUT / 1_000}]
        return {"id": n, "key": KEYS[n], "name": KEYS[n], "active": True, "filters": {"groups": groups}}

    def is_on(self, key: str, unit: str, country: str, plan: str) -> bool:
        properties = {"country": country, "plan": plan}
        return bool(
            self.client.feature_enabled(
                key, unit, person_properties=properties, send_feature_flag_events=False, **self.quiet
            )
        )

    def all_on(self, unit: str, country: str, plan: str) -> list[bool]:
        found = self.client.get_all_flags(unit, person_properties={"country": country, "plan": plan}, **self.quiet)
        return [bool(value) for value in found.values()]


PEERS: dict[str, Callable[[], Entry]] = {
    "UnleashClient": Unleash,
    "growthbook": GrowthBook,
    "flagsmith": Flagsmith,
    "launchdarkly-server-sdk": LaunchDarkly,
    "statsig-python-core": Statsig,
    "posthog": PostHog,
}


def installed() -> Iterator[tuple[str, Entry]]:
    """Each peer that is there; the others are named."""
    for package, enter in PEERS.items():
        try:
            yield package, enter()
        except ImportError as missing:
            print(f"{package} is missing, so it is not compared ({missing}); see benchmarks/README.md")
