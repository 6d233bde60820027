"""Rules that fire at the same moment open one incident between them, and whoever takes it on meanwhile waits for
nobody in a circle."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Alert, Incident
from apps.core.models import Environment
from tests.factories import ACTOR, AT, make_project, make_rule, push
from tests.flows.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
RULES, ROUNDS = 4, 6


def rules(environment: Environment, number: int) -> list[int]:
    return [make_rule(environment, key=f"rule-{number}-{each}").pk for each in range(RULES)]


def test_rules_judged_at_once_open_one_incident() -> None:
    project = make_project()
    for number in range(ROUNDS):
        environment = project.environments.order_by("pk")[number % 3]
        Incident.objects.update(resolved_at=AT)
        before = Incident.objects.count()
        push(environment, "errors", (AT, 7))
        raised = at_once(*(partial(services.judge, rule_id=pk, at=AT) for pk in rules(environment, number)))
        assert raised == []
        assert Incident.objects.count() == before + 1
        assert Incident.objects.latest("pk").alerts.count() == RULES


def test_taking_on_while_alerts_turn_neither_fails_nor_hangs() -> None:
    environment = make_project().environments.get(key="production")
    pks = rules(environment, 0)
    push(environment, "errors", (AT, 7))
    for pk in pks:
        services.judge(rule_id=pk, at=AT)
    incident, alerts = Incident.objects.get(), list(Alert.objects.values_list("pk", flat=True))
    for number in range(1, ROUNDS):
        at = AT + number * timedelta(minutes=1)
        push(environment, "errors", (at, 1 if number % 2 else 7 + number))
        Alert.objects.update(acknowledged_at=None)
        Incident.objects.filter(pk=incident.pk).update(acknowledged_at=None)
        who: dict[str, Any] = {"actor": ACTOR, "reason": "tests", "at": at}
        raised = at_once(
            *(partial(services.judge, rule_id=pk, at=at) for pk in pks),
            partial(services.acknowledge_incident, incident_id=incident.pk, **who),
            *(partial(services.acknowledge, alert_id=pk, **who) for pk in alerts),
        )
        assert [error for error in raised if not isinstance(error, services.AlertOver | services.IncidentOver)] == []
