"""From samples to alerts, guards and responses: what a judged rule leaves behind, whoever judges and however often."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Alert, AlertRule, Response, RuleStanding
from apps.alerts.pages.words import value_words
from apps.core.models import AuditEntry, Environment, Hold
from apps.flags.models import FlagState
from tests.factories import ACTOR, AT, make_flag, make_project, make_rollout, make_rule, push, state_in

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
KILL = {"kind": "kill_flag", "flag": "checkout"}


@pytest.fixture
def environment() -> Environment:
    return make_project().environments.get(key="production")


def errors(environment: Environment, value: float, seconds: float = 0, **labels: str) -> datetime:
    """So many errors, so many seconds after AT; returns when."""
    at = AT + seconds * SECOND
    push(environment, "errors", (at, value), **labels)
    return at


def kinds() -> list[str]:
    """Without those of incidents, which test_incidents.py is about."""
    entries = AuditEntry.objects.filter(kind__startswith="alerts.").exclude(kind__contains="incident")
    return list(entries.order_by("pk").values_list("kind", flat=True))


def test_a_value_beyond_the_threshold_opens_an_alert_and_a_good_one_closes_it(environment: Environment) -> None:
    make_rule(environment)
    services.judge_due(at=errors(environment, 7, host="a"))
    services.judge_due(at=errors(environment, 9, 15, host="a"))
    alert = Alert.objects.get()
    assert (alert.labels, alert.value, alert.peak, alert.fired_at, alert.resolved_at) == ({"host": "a"}, 9, 9, AT, None)
    services.judge_due(at=errors(environment, 3, 30, host="a"))
    alert.refresh_from_db()
    assert (alert.value, alert.peak, alert.resolved_at) == (3, 9, AT + 30 * SECOND)
    assert kinds() == ["alerts.rule_created", "alerts.fired", "alerts.resolved"]
    services.judge_due(at=errors(environment, 8, 45, host="a"))
    assert [one.resolved_at is None for one in Alert.objects.order_by("pk")] == [False, True]


def test_series_fire_each_by_themselves(environment: Environment) -> None:
    make_rule(environment, for_seconds=15)
    errors(environment, 7, host="a")
    services.judge_due(at=errors(environment, 1, host="b"))
    assert not Alert.objects.exists()
    errors(environment, 1, 15, host="b")
    services.judge_due(at=errors(environment, 7, 15, host="a"))
    assert [alert.labels for alert in Alert.objects.all()] == [{"host": "a"}]
    assert Alert.objects.get().active_at == AT


def test_a_rule_is_judged_once_a_period_whoever_sweeps(environment: Environment) -> None:
    rule = make_rule(environment)
    at = errors(environment, 7)
    assert [services.judge_due(at=at), services.judge_due(at=at), services.judge_due(at=at + 14 * SECOND)] == [1, 0, 0]
    assert services.judge(rule_id=rule.pk, at=at) is None
    assert services.judge_due(at=at + 15 * SECOND) == 1


def test_a_rule_that_is_off_is_not_judged(environment: Environment) -> None:
    make_rule(environment, enabled=False)
    assert services.judge_due(at=errors(environment, 7)) == 0


def test_one_rule_that_cannot_be_read_does_not_stop_the_others(environment: Environment) -> None:
    broken = make_rule(environment, key="broken")
    AlertRule.objects.filter(pk=broken.pk).update(definition={"key": "broken"})
    make_rule(environment)
    assert services.judge_due(at=errors(environment, 7)) == 1
    assert Alert.objects.get().key == "errors"
    assert "is missing" in RuleStanding.objects.get(rule=broken).error


def test_a_missed_hour_neither_loses_nor_doubles_an_alert(environment: Environment) -> None:
    make_rule(environment)
    services.judge_due(at=errors(environment, 7))
    services.judge_due(at=errors(environment, 8, 3_600))
    assert Alert.objects.open().count() == 1


def test_a_ratio_is_of_all_answers_in_the_window(environment: Environment) -> None:
    query = {
        "metric": "http_errors_total",
        "aggregate": "ratio",
        "window_seconds": 60,
        "across": [],
        "denominator": {"metric": "http_requests_total", "minimum": 20},
    }
    make_rule(environment, query=query, threshold=0.05, unit="ratio")
    moments = [AT + n * 20 * SECOND for n in range(4)]
    push(environment, "http_requests_total", *zip(moments, (1000, 1100, 1200, 1300), strict=True), host="a")
    push(environment, "http_errors_total", *zip(moments, (10, 14, 20, 28), strict=True), host="a")
    services.judge_due(at=moments[-1])
    assert Alert.objects.get().value == pytest.approx(18 / 300)  # since AT: 18 errors in 300 answers


def test_a_change_is_told_in_per_cent_whatever_the_unit(environment: Environment) -> None:
    make_rule(environment, relative={"baseline": "previous_window"}, threshold=100, unit="seconds")
    errors(environment, 1, -60)
    services.judge_due(at=errors(environment, 3))
    alert = Alert.objects.get()
    assert alert.value == 200  # per cent: from 1 to 3
    assert AuditEntry.objects.get(kind="alerts.fired").reason == "200 %."
    assert value_words(alert) == "200 %, above 100 %"


def test_a_guard_is_green_while_all_is_well_and_red_while_it_fires(environment: Environment) -> None:
    make_rule(environment, guard="errors_low")
    services.judge_due(at=errors(environment, 1))
    green = Hold.objects.get(guard="errors_low")
    assert (green.verdict, green.valid_until) == ("GREEN", AT + 60 * SECOND)
    services.judge_due(at=errors(environment, 9, 15))
    red = Hold.objects.get(guard="errors_low")
    assert (red.verdict, red.reason) == ("RED", "Too many errors: 9")


# Responses


@pytest.fixture
def state(environment: Environment) -> FlagState:
    return state_in(make_flag(project=environment.project, key="checkout", on=True))


def fire(environment: Environment, response: dict[str, Any], seconds: float = 60) -> Response:
    """A rule with this response fires, and the response is carried out in the same moment."""
    make_rule(environment, key=f"errors-{Response.objects.count()}", response=response)
    at = errors(environment, 9, seconds)
    services.judge_due(at=at)
    services.respond_due(at=at)
    return Response.objects.latest("pk")


def test_an_alert_kills_the_flag_that_was_changed_just_before(environment: Environment, state: FlagState) -> None:
    done = fire(environment, KILL)
    assert (done.status, done.told) == ("DONE", "killed checkout in production: everyone gets the off variant")
    state.refresh_from_db()
    assert state.status == "KILLED"
    killed = AuditEntry.objects.get(kind="flags.killed")
    assert (killed.actor_label, killed.reason) == ("alerts", "Too many errors (errors-0)")
    told = AuditEntry.objects.get(kind="alerts.response_done")
    assert (told.subject_id, told.reason) == (str(done.alert_id), done.told)


@pytest.mark.parametrize(
    ("response", "seconds", "why"),
    [
        (KILL | {"changed_within_seconds": 30}, 60, "not in the last 30 seconds"),
        (KILL | {"dry_run": True}, 60, "this is a dry run"),
        (KILL | {"daily_budget": 0}, 60, "its budget is 0 actions a day"),
        (KILL | {"flag": "nowhere"}, 60, "there is no flag nowhere here any more"),
        ({"kind": "roll_back_rollout", "flag": "checkout"}, 60, "no rollout of it is open"),
        ({"kind": "pause_rollout", "flag": "checkout"}, 60, "no rollout of it is open"),
    ],
)
def test_what_speaks_against_it_is_told_and_nothing_is_done(
    environment: Environment, state: FlagState, response: dict[str, Any], seconds: float, why: str
) -> None:
    refused = fire(environment, response, seconds)
    assert refused.status == "REFUSED"
    assert why in refused.told
    state.refresh_from_db()
    assert state.status == "ON"
    assert AuditEntry.objects.get(kind="alerts.response_refused").reason == refused.told


def test_a_response_is_carried_out_once(environment: Environment, state: FlagState) -> None:
    fire(environment, KILL)
    assert services.respond_due(at=AT + timedelta(hours=1)) == 0
    again = fire(environment, KILL, 75)
    assert (again.status, again.told) == ("REFUSED", "kills checkout in production not: it is killed already")
    assert AuditEntry.objects.filter(kind="flags.killed").count() == 1


def test_an_alert_rolls_back_the_rollout_that_caused_it(environment: Environment, state: FlagState) -> None:
    plan = make_rollout(state)
    done = fire(environment, {"kind": "roll_back_rollout", "flag": "checkout"})
    assert done.status == "DONE"
    plan.refresh_from_db()
    assert plan.status == "ROLLED_BACK"


def test_an_alert_pauses_the_rollout_that_may_have_caused_it(environment: Environment, state: FlagState) -> None:
    plan, pause = make_rollout(state), {"kind": "pause_rollout", "flag": "checkout"}
    done = fire(environment, pause)
    told = "paused the rollout of checkout in production: it stays in its stage until somebody resumes it"
    assert (done.status, done.told) == ("DONE", told)
    plan.refresh_from_db()
    assert plan.status == "PAUSED"
    paused = AuditEntry.objects.get(kind="flags.rollout_paused")
    assert (paused.actor_label, paused.reason) == ("alerts", "Too many errors (errors-0)")
    again = fire(environment, pause, 75)
    assert again.told == "pauses the rollout of checkout in production not: its rollout is paused already"


def test_a_response_that_fails_is_tried_again_and_then_told(
    environment: Environment, state: FlagState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.alerts.responses.flags.services.kill", lambda **_: 1 / 0)
    failing = fire(environment, KILL)
    assert (failing.status, failing.attempts, failing.due_at) == ("PENDING", 1, AT + 70 * SECOND)
    for _attempt in range(4):
        services.respond_due(at=AT + timedelta(hours=1))
        Response.objects.filter(status="PENDING").update(due_at=AT)
    failing.refresh_from_db()
    assert (failing.status, failing.attempts) == ("FAILED", 5)
    assert "ZeroDivisionError" in failing.told


# Editing


def test_a_rule_that_makes_no_sense_is_refused_by_field(environment: Environment) -> None:
    with pytest.raises(services.InvalidRule) as refused:
        make_rule(environment, recovery_threshold=9)
    assert list(refused.value.message_dict) == ["recovery_threshold"]
    with pytest.raises(services.InvalidRule) as refused:
        make_rule(environment, response={"kind": "explode"})
    assert "response.kind" in refused.value.message_dict


def test_a_key_is_taken_once(environment: Environment) -> None:
    make_rule(environment)
    with pytest.raises(services.RuleExists):
        make_rule(environment)


def test_a_change_is_audited_and_what_fires_goes_on_by_the_new_rule(environment: Environment) -> None:
    rule = make_rule(environment)
    services.judge_due(at=errors(environment, 7))
    changed = services.update_rule(
        rule_id=rule.pk,
        definition=rule.definition | {"threshold": 10},
        actor=ACTOR,
        reason="too loud",
        at=AT,
        expected_version=1,
    )
    assert changed.version == 2
    assert AuditEntry.objects.get(kind="alerts.rule_changed").changes == {"threshold": [5, 10]}
    services.judge_due(at=errors(environment, 7, 15))
    assert Alert.objects.get().resolved_at == AT + 15 * SECOND
