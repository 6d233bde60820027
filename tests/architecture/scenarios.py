"""The register of scenarios for test_audit_walk.py: each prepares what a service needs and returns the one call to
watch."""

from collections.abc import Callable
from typing import Any

from apps.core.models import Environment
from tests.factories import ACTOR, AT, make_project

Prepare = Callable[[], Callable[[], object]]
WHO: dict[str, Any] = {"actor": ACTOR, "reason": "walk", "at": AT}
ANY: dict[str, Any] = WHO | {"expected_version": None}
SCENARIOS: dict[str, Prepare] = {}  # by the name of the service


def scenario(prepare: Prepare) -> Prepare:
    """Named as its service is."""
    SCENARIOS[prepare.__name__] = prepare
    return prepare


def production() -> Environment:
    return make_project().environments.get(key="production")
