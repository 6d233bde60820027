"""What is wrong with the JSON that services and targets keep, each problem at its field. Private to services."""

from collections.abc import Callable, Mapping

from apps.deployments.domain.calendar_parsing import parse_calendar
from apps.deployments.domain.checklist_parsing import parse_items
from apps.deployments.domain.gates import UnknownGate, parse_gates
from apps.deployments.domain.judging.settings import InvalidJudge, parse_judge
from apps.deployments.domain.plans import InvalidPlan, parse_steps
from apps.deployments.domain.smoke import InvalidSmoke, check_path, check_smoke
from apps.deployments.domain.traffic import SLOTS, InvalidTraffic, parse_config
from apps.deployments.models import Target
from apps.flags.domain.engine.definitions import InvalidDefinition

Problems = dict[str, list[str]]


def target_problems(row: Target) -> Problems:
    """Empty when all of it can be used."""
    checks = (_steps, _gates, _traffic, _windows, _health_path, _smoke, _judge)
    return {path: [message] for check in checks for path, message in check(row)}


def checklist_problems(raw: object) -> Problems:
    """Of a service; None is the usual list."""
    try:
        if raw is not None:
            parse_items(raw)
    except InvalidDefinition as fault:
        return {"checklist" + fault.path.removeprefix("items"): [fault.message]}
    return {}


Found = list[tuple[str, str]]


def _steps(row: Target) -> Found:
    try:
        parse_steps(row.steps)
    except InvalidPlan as fault:
        return [(fault.path, fault.message)]
    return []


def _gates(row: Target) -> Found:
    try:
        parse_gates(row.gates)
    except UnknownGate as fault:
        return [("gates", str(fault))]
    return []


def _traffic(row: Target) -> Found:
    """Whoever moves traffic themselves configures nothing here."""
    if row.driver == Target.Driver.EXTERNAL:
        return []
    if not isinstance(row.driver_config, Mapping):
        return [("driver_config", "must be an object")]
    try:
        parse_config(row.driver, row.driver_config)
    except InvalidTraffic as fault:
        return [("driver" if fault.field == "kind" else f"driver_config.{fault.field}", fault.reason)]
    if set(row.driver_config["slots"]) != set(SLOTS):
        return [("driver_config.slots", f"must be {' and '.join(SLOTS)}")]
    return []


def _windows(row: Target) -> Found:
    try:
        if row.windows is not None:
            parse_calendar(row.windows)
    except InvalidDefinition as fault:
        return [(f"windows.{fault.path}", fault.message)]
    return []


def _health_path(row: Target) -> Found:
    return _refused(lambda: check_path("health_path", row.health_path))


def _smoke(row: Target) -> Found:
    return _refused(lambda: check_smoke(row.smoke))


def _judge(row: Target) -> Found:
    if not isinstance(row.judge, Mapping):
        return [("judge", "must be an object")]
    try:
        parse_judge(row.judge)
    except InvalidJudge as fault:
        return [(f"judge.{fault.path}", fault.message)]
    return []


def _refused(check: Callable[[], None]) -> Found:
    try:
        check()
    except InvalidSmoke as fault:
        return [(fault.path, fault.message)]
    return []
