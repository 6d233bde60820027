"""The customer's rules, put into an environment at once: those for all, and those that roll a service back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.alerts.domain.parsing import dump_rule
from apps.alerts.domain.rollback_pack import RESPONSE, rollback_rules
from apps.alerts.domain.rules import Rule
from apps.alerts.domain.starter import RULES
from apps.alerts.models import AlertRule
from apps.alerts.services.rules import create_rule
from apps.core.audit import Actor
from apps.core.models import Environment
from apps.deployments import selectors as deployments


class NoSuchService(Exception):
    """The project has no service of this key."""


def install_starter_rules(*, environment_id: int, actor: Actor, reason: str, at: datetime) -> int:
    """Those whose keys are free; returns how many."""
    return _install(environment_id, list(RULES.values()), {}, actor=actor, reason=reason, at=at)


def install_rollback_rules(
    *, environment_id: int, service: str, actor: Actor, reason: str, at: datetime, dry_run: bool = True
) -> int:
    """Five for one service, by its key; those whose keys are free. Returns how many. Raises NoSuchService."""
    environment = Environment.objects.select_related("project").get(pk=environment_id)
    if not deployments.services(environment.project).filter(key=service).exists():
        raise NoSuchService
    response = {"kind": RESPONSE, "service": service, "dry_run": dry_run}
    return _install(environment_id, rollback_rules(service), response, actor=actor, reason=reason, at=at)


def _install(environment_id: int, rules: Sequence[Rule], response: Mapping[str, Any], **signed: Any) -> int:
    with transaction.atomic():
        taken = set(AlertRule.objects.filter(environment=environment_id).values_list("key", flat=True))
        missing = [rule for rule in rules if rule.key not in taken]
        for rule in missing:
            create_rule(environment_id=environment_id, definition=dump_rule(rule), response=response, **signed)
    return len(missing)
