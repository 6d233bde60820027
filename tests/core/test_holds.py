"""Verdicts of guards on a real database: what is kept, what is audited, what readers are told."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from apps.core import holds
from apps.core.models import AuditEntry, Environment, Hold
from tests.factories import ACTOR, AT, make_project

pytestmark = pytest.mark.django_db
SOON = AT + timedelta(minutes=5)


@pytest.fixture
def production() -> Environment:
    return make_project().environments.get(key="production")


def write(environment: Environment, verdict: str, **fields: Any) -> Hold:
    given: dict[str, Any] = {"guard": "errors", "reason": "", "valid_until": SOON, "at": AT, "actor": ACTOR} | fields
    return holds.write(environment_id=environment.pk, verdict=verdict, **given)


def turns() -> list[tuple[str, Any]]:
    entries = AuditEntry.objects.filter(kind="core.guard_turned").order_by("id")
    return [(entry.subject_label, entry.changes["verdict"]) for entry in entries]


def test_a_green_verdict_is_read_until_it_expires(production: Environment) -> None:
    write(production, "GREEN", reason="0.1 % errors")
    (now,) = holds.verdicts(production.pk, ["errors"], AT)
    (later,) = holds.verdicts(production.pk, ["errors"], SOON + timedelta(minutes=3))
    assert (now.green, now.words) == (True, "0.1 % errors")
    assert (later.green, later.words) == (False, "the last verdict expired 3 min ago")


def test_verdicts_come_in_the_order_asked_for_and_unknown_guards_hold_back(production: Environment) -> None:
    write(production, "GREEN", guard="b")
    found = holds.verdicts(production.pk, ["c", "b", "a"], AT)
    assert [(one.name, one.green) for one in found] == [("c", False), ("b", True), ("a", False)]


def test_another_environment_s_verdict_counts_for_nothing(production: Environment) -> None:
    write(production, "GREEN")
    staging = production.project.environments.get(key="staging")
    assert not holds.verdicts(staging.pk, ["errors"], AT)[0].green


def test_only_a_verdict_that_turns_is_audited(production: Environment) -> None:
    for minute, verdict in enumerate(["GREEN", "GREEN", "RED", "RED", "GREEN"]):
        write(production, verdict, at=AT + timedelta(minutes=minute))
    assert turns() == [("errors", [None, "GREEN"]), ("errors", ["GREEN", "RED"]), ("errors", ["RED", "GREEN"])]
    assert Hold.objects.get().changed_at == AT + timedelta(minutes=4)


def test_saying_the_same_again_prolongs_it_and_takes_the_new_reason(production: Environment) -> None:
    write(production, "RED", reason="4 %")
    write(production, "RED", reason="5 %", valid_until=SOON + timedelta(hours=1))
    hold = Hold.objects.get()
    assert (hold.reason, hold.valid_until, hold.changed_at) == ("5 %", SOON + timedelta(hours=1), AT)


@pytest.mark.parametrize("fields", [{"guard": "Error rate"}, {"guard": ""}, {"verdict": "AMBER"}])
def test_a_guard_or_verdict_that_cannot_be_is_refused(production: Environment, fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        write(production, fields.pop("verdict", "RED"), **fields)
    assert not Hold.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_guard_heard_twice_at_once_is_one_row_and_one_turn() -> None:
    environment = make_project().environments.get(key="production")
    barrier = threading.Barrier(2)

    def say() -> None:
        connection.ensure_connection()
        barrier.wait()
        write(environment, "RED")
        connection.close()

    threads = [threading.Thread(target=say) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Hold.objects.count() == 1
    assert turns() == [("errors", [None, "RED"])]
