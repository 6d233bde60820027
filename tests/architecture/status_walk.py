"""The scenarios of the status page for test_audit_walk.py."""

from collections.abc import Callable
from typing import Any

from apps.alerts import services
from apps.core.models import Environment
from tests.architecture.delivery_walk import ANY, Prepare
from tests.factories import make_project
from tests.factories.status import make_component, make_status_page

SCENARIOS: dict[str, Prepare] = {}


def scenario(prepare: Prepare) -> Prepare:
    SCENARIOS[prepare.__name__] = prepare
    return prepare


def _production() -> Environment:
    return make_project().environments.get(key="production")


def _component() -> dict[str, Any]:
    return {"component_id": make_component(_production()).pk, **ANY}


@scenario
def create_status_page() -> Callable[[], object]:
    environment = _production()
    return lambda: make_status_page(environment)


@scenario
def update_status_page() -> Callable[[], object]:
    pk = make_status_page(_production()).pk
    return lambda: services.update_status_page(page_id=pk, fields={"title": "New"}, **ANY)


@scenario
def create_component() -> Callable[[], object]:
    environment = _production()
    return lambda: make_component(environment)


@scenario
def update_component() -> Callable[[], object]:
    given = _component()
    return lambda: services.update_component(fields={"name": "New"}, **given)


@scenario
def set_component_state() -> Callable[[], object]:
    given = _component()
    return lambda: services.set_component_state(state="DEGRADED", **given)


@scenario
def move_component() -> Callable[[], object]:
    given = _component()
    return lambda: services.move_component(position=0, **given)


@scenario
def delete_component() -> Callable[[], object]:
    given = _component()
    return lambda: services.delete_component(**given)
