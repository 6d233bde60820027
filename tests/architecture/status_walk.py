"""The scenarios of the status page for test_audit_walk.py."""

from collections.abc import Callable
from typing import Any

from apps.alerts import services
from tests.architecture.scenarios import ANY, production, scenario
from tests.factories.status import make_component, make_status_page


def _component() -> dict[str, Any]:
    return {"component_id": make_component(production()).pk, **ANY}


@scenario
def create_status_page() -> Callable[[], object]:
    environment = production()
    return lambda: make_status_page(environment)


@scenario
def update_status_page() -> Callable[[], object]:
    pk = make_status_page(production()).pk
    return lambda: services.update_status_page(page_id=pk, fields={"title": "New"}, **ANY)


@scenario
def create_component() -> Callable[[], object]:
    environment = production()
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
