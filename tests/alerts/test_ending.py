"""What ends with a rule that is switched off, deleted, or watches something else: nothing of it may go on by itself."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Alert, AlertRule, Notification, Response, RuleStanding
from apps.core import holds
from apps.core.models import AuditEntry, Environment, Hold
from apps.core.services import StaleVersion
from tests.factories import ACTOR, AT, make_flag, make_project, make_rule, push
from tests.factories.delivery import make_channel, make_delivery

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(seconds=90)
SIGNED: dict[str, Any] = {"actor": ACTOR, "reason": "too loud", "at": LATER, "expected_version": None}


@pytest.fixture
def environment() -> Environment:
    environment = make_project(key="shop").environments.get(key="production")
    make_delivery(environment)
    return environment


def judged(environment: Environment, value: float, at: datetime = AT, **labels: str) -> None:
    push(environment, "errors", (at, value), **labels or {"host": "a"})
    services.judge_due(at=at)


def arrived() -> None:
    """As if the receiver had taken every notice."""
    Notification.objects.filter(status="PENDING").update(status="SENT", sent_at=AT, due_at=None)


def update(rule: AlertRule, **fields: Any) -> None:
    services.update_rule(rule_id=rule.pk, **SIGNED, **fields)


def test_switching_a_rule_off_ends_its_alerts_and_says_honestly_why(environment: Environment) -> None:
    rule = make_rule(environment)
    judged(environment, 7)
    arrived()
    update(rule, enabled=False)
    alert = Alert.objects.get()
    assert (alert.resolved_at, alert.value) == (LATER, 7)
    ended = AuditEntry.objects.get(kind="alerts.ended")
    assert (ended.actor_label, ended.reason) == ("tests", "the rule was switched off")
    assert ended.changes == {"state": ["FIRING", "RESOLVED"]}
    notice = Notification.objects.get(kind="RECOVERED")
    assert (notice.status, notice.content["ended"]) == ("PENDING", "the rule was switched off")
    assert notice.content["seen"] == (
        "The rule was switched off; whether it is well is not known. "
        "When last seen, last of errors over 1 minute was 7; it had lasted 90 seconds."
    )


def test_what_nobody_was_told_of_is_not_told_to_be_over(environment: Environment) -> None:
    rule = make_rule(environment)
    judged(environment, 7)
    Notification.objects.update(status="FAILED", due_at=None)
    update(rule, enabled=False)
    assert Notification.objects.get(kind="RECOVERED").status == "MUTED"


def test_switched_on_again_it_starts_afresh(environment: Environment) -> None:
    rule = make_rule(environment, for_seconds=60, keep_firing_for_seconds=3_600)
    judged(environment, 7)
    judged(environment, 7, AT + timedelta(seconds=60))
    update(rule, enabled=False)
    assert RuleStanding.objects.get().instances == []
    judged(environment, 7, LATER)
    assert Alert.objects.count() == 1
    update(rule, enabled=True)
    again = LATER + timedelta(seconds=30)
    judged(environment, 7, again)
    assert Alert.objects.count() == 1  # it has to hold for a minute first
    judged(environment, 7, again + timedelta(seconds=60))
    assert Alert.objects.open().get().active_at == again


def test_whoever_found_the_rule_due_finds_it_is_not(environment: Environment) -> None:
    """A sweep that read the list just before must not open an alert of a rule that nobody will judge again."""
    rule = make_rule(environment)
    update(rule, enabled=False)
    AlertRule.objects.update(enabled=True)  # what a statement from before the commit saw
    push(environment, "errors", (LATER, 9))
    assert services.judge(rule_id=rule.pk, at=LATER) is None


def test_a_guard_whose_rule_is_off_is_not_green(environment: Environment) -> None:
    rule = make_rule(environment, guard="errors_low")
    judged(environment, 1)
    assert Hold.objects.get().verdict == "GREEN"
    update(rule, enabled=False)
    (verdict,) = holds.verdicts(environment.pk, ["errors_low"], LATER)
    assert (verdict.green, verdict.words) == (False, "errors: the rule was switched off")
    (later,) = holds.verdicts(environment.pk, ["errors_low"], LATER + timedelta(days=9))
    assert not later.green
    update(rule, enabled=True)
    judged(environment, 1, LATER + timedelta(seconds=30))
    assert holds.verdicts(environment.pk, ["errors_low"], LATER + timedelta(seconds=30))[0].green


def test_a_guard_that_the_rule_no_longer_is_is_not_green(environment: Environment) -> None:
    rule = make_rule(environment, guard="old")
    judged(environment, 7)
    judged(environment, 1, AT + timedelta(seconds=60))
    assert Hold.objects.get().verdict == "GREEN"
    update(rule, definition=rule.definition | {"guard": "new"})
    (verdict,) = holds.verdicts(environment.pk, ["old"], LATER)
    assert (verdict.green, verdict.words) == (False, "errors is another guard now")


def test_what_it_still_waits_to_do_is_not_done(environment: Environment) -> None:
    make_flag(project=environment.project, key="checkout", on=True)
    rule = make_rule(environment, response={"kind": "kill_flag", "flag": "checkout"})
    judged(environment, 7)
    update(rule, enabled=False)
    row = Response.objects.get()
    assert (row.status, row.told) == ("REFUSED", "not done: the rule was switched off")
    assert AuditEntry.objects.get(kind="alerts.response_refused").reason == row.told
    assert services.respond_due(at=LATER) == 0


def test_a_call_that_may_have_gone_out_is_settled_by_whoever_made_it(environment: Environment) -> None:
    rule = make_rule(environment, response={"kind": "call_webhook", "channel": "ops"})
    judged(environment, 7)
    Response.objects.update(lease=1, attempts=1, due_at=LATER + timedelta(seconds=60))
    update(rule, enabled=False)
    assert Response.objects.get().status == "PENDING"


@pytest.mark.parametrize("policy", ["ok", "firing", "keep", "own_state"])
@pytest.mark.parametrize("change", [{"metric": "failures"}, {"across": ["zone"]}, {"matchers": "host"}])
def test_an_alert_of_what_a_rule_no_longer_watches_does_not_fire_for_another_day(
    environment: Environment, policy: str, change: dict[str, Any]
) -> None:
    if "matchers" in change:
        change = {"matchers": [{"label": "host", "match": "=", "value": "b"}]}
    rule = make_rule(environment, no_data=policy)
    judged(environment, 7)
    arrived()
    update(rule, definition=rule.definition | {"query": rule.definition["query"] | change})
    assert AuditEntry.objects.get(kind="alerts.ended").reason == "the rule was changed and watches something else"
    again = LATER + timedelta(seconds=30)
    push(environment, "failures" if "metric" in change else "errors", (again, 1), host="b", zone="z")
    services.judge_due(at=again)
    assert not Alert.objects.open().exists()


@pytest.mark.parametrize("change", [{"threshold": 6}, {"for_seconds": 1}, {"severity": "error"}, {"name": "New"}])
def test_what_fires_goes_on_by_the_new_rule(environment: Environment, change: dict[str, Any]) -> None:
    rule = make_rule(environment)
    judged(environment, 7)
    update(rule, definition=rule.definition | change)
    assert Alert.objects.open().exists()


def test_a_deleted_rule_leaves_its_alerts_with_their_copy(environment: Environment) -> None:
    rule = make_rule(environment, guard="errors_low")
    judged(environment, 7)
    arrived()
    services.delete_rule(rule_id=rule.pk, **SIGNED)
    alert = Alert.objects.get()
    assert (alert.rule, alert.key, alert.definition["threshold"], alert.resolved_at) == (None, "errors", 5, LATER)
    assert AuditEntry.objects.get(kind="alerts.ended").reason == "the rule was deleted"
    deleted = AuditEntry.objects.get(kind="alerts.rule_deleted")
    assert (deleted.reason, deleted.changes["threshold"]) == ("too loud", [5, None])
    assert Notification.objects.get(kind="RECOVERED").content["ended"] == "the rule was deleted"
    assert not holds.verdicts(environment.pk, ["errors_low"], LATER)[0].green
    make_rule(environment)  # its key is free again


def test_whoever_read_an_older_version_deletes_nothing(environment: Environment) -> None:
    rule = make_rule(environment)
    update(rule, enabled=False)
    with pytest.raises(StaleVersion):
        services.delete_rule(rule_id=rule.pk, **SIGNED | {"expected_version": 1})


def test_every_channel_says_that_it_is_no_longer_watched(environment: Environment) -> None:
    from apps.alerts.gateways.messages import load_notice

    make_channel(environment.project, key="other")
    rule = make_rule(environment)
    judged(environment, 7)
    arrived()
    update(rule, enabled=False)
    notice = load_notice(Notification.objects.filter(kind="RECOVERED").first().content)  # type: ignore[union-attr]
    assert (notice.state, notice.mark) == ("No longer watched", "🚫")
    assert notice.title == "No longer watched: Too many errors in shop/production"
