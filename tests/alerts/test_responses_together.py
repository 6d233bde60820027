"""Workers and people at the same time, on connections of their own: nothing is done twice, nobody waits for ever."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.db import connections

from apps.alerts import services
from apps.alerts.models import Alert, AlertRule, Response
from apps.core.models import AuditEntry
from tests.core.egress_peers import reply, serving
from tests.factories import ACTOR, AT, make_flag, make_project, make_route, make_rule, push
from tests.factories.delivery import make_channel

pytestmark = pytest.mark.django_db(transaction=True)
CALL = {"kind": "call_webhook", "channel": "ops", "ask": "restart"}


def at_once(*deeds: Callable[[], object]) -> list[Exception]:
    """Runs each in a thread of its own; returns what went wrong."""
    failures: list[Exception] = []
    ready = Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> None:
        ready.wait()
        try:
            deed()
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_two_that_ask_the_same_are_guarded_one_after_the_other(settings: Any) -> None:
    environment = make_project().environments.get(key="production")
    make_route(environment.project)
    with serving(reply()) as peer:
        settings.EGRESS_ALLOW = [f"127.0.0.1:{peer.port}"]
        make_channel(environment.project, url=peer.url)
        for n in range(4):
            make_rule(environment, key=f"errors-{n}", response=CALL)
        push(environment, "errors", (AT, 9))
        services.judge_due(at=AT)
        assert at_once(*[lambda: services.respond_due(at=AT)] * 4) == []
        services.respond_due(at=AT)  # whoever was passed over
    assert len(peer.heard) == 1
    assert sorted(Response.objects.values_list("status", flat=True)) == ["DONE", *["REFUSED"] * 3]


def test_two_who_undo_the_same_do_it_once() -> None:
    environment = make_project().environments.get(key="production")
    make_flag(project=environment.project, key="checkout", on=True)
    make_rule(environment, response={"kind": "kill_flag", "flag": "checkout"})
    push(environment, "errors", (AT, 9))
    services.judge_due(at=AT)
    services.respond_due(at=AT)
    pk = Response.objects.get().pk
    signed: dict[str, Any] = {"actor": ACTOR, "reason": "a false alarm", "at": AT}
    failures = at_once(*[lambda: services.undo_response(response_id=pk, **signed)] * 3)
    assert [str(one) for one in failures] == ["tests has undone it already"] * 2
    assert AuditEntry.objects.filter(kind="flags.kill_lifted").count() == 1


def test_a_rule_is_edited_while_it_is_judged_and_nothing_of_it_is_left_open() -> None:
    environment = make_project().environments.get(key="production")
    rule = make_rule(environment)
    moments = [AT + timedelta(seconds=15 * n) for n in range(10)]
    for n in range(20):
        push(environment, "errors", *((at, 9) for at in moments), host=f"h{n}")

    done = Event()

    def judge() -> None:
        while not done.is_set():
            for at in moments[2:]:
                services.judge_due(at=at)

    def edit() -> None:
        try:
            for n in range(30):
                services.update_rule(rule_id=rule.pk, enabled=bool(n % 2), **signed | {"at": AT})
        finally:
            done.set()

    signed: dict[str, Any] = {"actor": ACTOR, "reason": "", "at": moments[-1], "expected_version": None}
    services.judge_due(at=AT)
    assert at_once(judge, judge, edit) == []
    assert Alert.objects.filter(fired_at__gt=AT).exists()
    services.update_rule(rule_id=rule.pk, enabled=False, **signed)
    assert not Alert.objects.open().exists()


def test_a_rule_is_deleted_while_it_is_judged() -> None:
    environment = make_project().environments.get(key="production")
    for round_ in range(5):
        at = AT + timedelta(minutes=round_)
        rule = make_rule(environment, at=at)
        for n in range(20):
            push(environment, "errors", (at, 9), host=f"h{n}")
        signed: dict[str, Any] = {"actor": ACTOR, "reason": "", "at": at, "expected_version": None}
        delete = lambda pk=rule.pk, signed=signed: services.delete_rule(rule_id=pk, **signed)  # noqa: E731
        assert at_once(lambda at=at: services.judge_due(at=at), delete) == []  # type: ignore[misc]
        assert not AlertRule.objects.exists()
        assert not Alert.objects.open().exists()
