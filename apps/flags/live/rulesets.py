"""This process's compiled rulesets: immutable, swapped as a whole, read without a lock and without a query."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from apps.flags import selectors
from apps.flags.domain.engine.compiler import CompiledRuleset, compile_ruleset

Listener = Callable[[int, int], None]  # (environment id, version)


class Rulesets:
    """Environment id to compiled ruleset. Listeners hear of every swap, in the thread that made it."""

    topic = "rulesets"

    def __init__(self) -> None:
        self._compiled: dict[int, CompiledRuleset] = {}
        self._listeners: list[Listener] = []
        self._writing = threading.Lock()

    def get(self, environment_id: int) -> CompiledRuleset | None:
        return self._compiled.get(environment_id)

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def refresh(self, facts: Mapping[str, Any]) -> None:
        """Load what moved; `facts` may name the one environment to look at."""
        with self._writing:
            versions = selectors.ruleset_versions()
            wanted = {facts["environment"]} & versions.keys() if "environment" in facts else versions.keys()
            for environment_id in wanted:
                self._bring_to(environment_id, versions[environment_id])

    def _bring_to(self, environment_id: int, version: int) -> None:
        present = self._compiled.get(environment_id)
        if present is not None and present.version >= version:
            return
        compiled = compile_ruleset(selectors.ruleset(environment_id))
        self._compiled[environment_id] = compiled
        for listener in self._listeners:
            listener(environment_id, compiled.version)


rulesets = Rulesets()
