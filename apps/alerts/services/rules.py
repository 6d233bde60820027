"""Alert rules as people edit them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.alerts.domain.parsing import dump_rule, parse_rule
from apps.alerts.domain.problems import rule_problems
from apps.alerts.domain.rules import Rule
from apps.alerts.models import AlertRule, RuleStanding
from apps.alerts.responses import read_response
from apps.alerts.services import ending, trail
from apps.core.audit import Actor
from apps.core.domain.diff import changes
from apps.core.models import Environment
from apps.core.services import check_version
from apps.flags.domain.engine.definitions import InvalidDefinition

TAKEN = ("new", "starter")


class InvalidRule(ValidationError):
    """The rule makes no sense. `message_dict` maps each path, such as `query.window_seconds`, to its problems."""


class RuleExists(ValidationError):
    """Another rule of the environment has this key."""


def create_rule(
    *,
    environment_id: int,
    definition: Mapping[str, Any],
    actor: Actor,
    reason: str,
    at: datetime,
    response: Mapping[str, Any] | None = None,
    enabled: bool = True,
) -> AlertRule:
    """Judged from the next sweep on. Raises InvalidRule, RuleExists."""
    rule, answer = read_rule(definition), _checked_response(response or {})
    with transaction.atomic():
        environment = Environment.objects.select_for_update(no_key=True).get(pk=environment_id)
        if rule.key in TAKEN:
            raise InvalidRule({"key": ["is the name of a page here; choose another"]})
        if AlertRule.objects.filter(environment=environment, key=rule.key).exists():
            raise RuleExists({"key": [f"There is a rule {rule.key} here already."]})
        row = AlertRule(environment=environment, key=rule.key, created_at=at, enabled=enabled)
        _write(row, rule, answer)
        row.save()
        RuleStanding.objects.create(rule=row, due_at=at)
        trail.record("alerts.rule_created", row, changes({}, _readable(row)), actor=actor, reason=reason, at=at)
    return row


def update_rule(
    *,
    rule_id: int,
    actor: Actor,
    reason: str,
    at: datetime,
    expected_version: int | None,
    definition: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
    enabled: bool | None = None,
) -> AlertRule:
    """What is left out stays. What fires goes on by the new rule, unless it watches something else by now or is
    switched off. Raises InvalidRule, StaleVersion; the key stays."""
    rule = None if definition is None else read_rule(definition)
    answer = None if response is None else _checked_response(response)
    with transaction.atomic():
        standing = ending.lock(rule_id)
        row = standing.rule
        check_version(row.version, expected_version)
        before, was, was_on = _readable(row), parse_rule(row.definition), row.enabled
        if rule is not None and rule.key != row.key:
            raise InvalidRule({"key": ["A rule keeps its key: its alerts are known by it."]})
        _write(row, rule or was, row.response if answer is None else answer)
        row.enabled = row.enabled if enabled is None else enabled
        row.version += 1
        row.save()
        trail.record("alerts.rule_changed", row, changes(before, _readable(row)), actor=actor, reason=reason, at=at)
        ending.follow_change(standing, was, rule or was, was_on=was_on, actor=actor, at=at)
    return row


def delete_rule(*, rule_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None) -> None:
    """Its open alerts end; all of its alerts stay, with their own copy of the rule. Raises StaleVersion."""
    with transaction.atomic():
        standing = ending.lock(rule_id)
        row = standing.rule
        check_version(row.version, expected_version)
        trail.record("alerts.rule_deleted", row, changes(_readable(row), {}), actor=actor, reason=reason, at=at)
        ending.end(standing, parse_rule(row.definition), ending.DELETED, actor=actor, at=at)
        row.delete()


def read_rule(definition: Mapping[str, Any]) -> Rule:
    """As saving reads it, to try it before. Raises InvalidRule."""
    try:
        rule = parse_rule(dict(definition))
    except InvalidDefinition as fault:
        raise InvalidRule({fault.path: [fault.message]}) from None
    problems: dict[str, list[str]] = {}
    for path, message in rule_problems(rule):
        problems.setdefault(path, []).append(message)
    if problems:
        raise InvalidRule(problems)
    return rule


def _checked_response(raw: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return read_response(raw)
    except InvalidDefinition as fault:
        raise InvalidRule({fault.path: [fault.message]}) from None


def _write(row: AlertRule, rule: Rule, response: Mapping[str, Any]) -> None:
    row.name, row.severity, row.definition, row.response = rule.name, rule.severity, dump_rule(rule), dict(response)
    try:
        row.clean_fields(exclude=["environment", "key", "definition", "response"])
    except ValidationError as refused:
        raise InvalidRule(refused.error_dict) from None


def _readable(row: AlertRule) -> dict[str, Any]:
    return {**row.definition, "response": row.response, "enabled": row.enabled}
