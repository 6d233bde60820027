"""A rule's test notice: who would hear, what is sent, how it is marked, and what it leaves alone."""

from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.gateways import email, sentry, slack, webhook
from apps.alerts.gateways.messages import Message, Undelivered, load_notice
from apps.alerts.models import Alert, Channel, Notification
from apps.core.models import AuditEntry, Environment
from tests.callers import as_role
from tests.factories import ACTOR, AT, make_alert, make_channel, make_project, make_rule, make_silence
from tests.factories.delivery import make_route
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db
WHO: dict[str, Any] = {"actor": ACTOR, "reason": "drill", "at": AT}
PLAIN: dict[str, Any] = WHO | {"labels": {}}
Took = list[tuple[str, Message]]


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def visitor(environment: Environment) -> Visitor:
    return Visitor(environment.project, role="Operator")


@pytest.fixture
def took(monkeypatch: pytest.MonkeyPatch) -> Took:
    """What the receivers got; a webhook that leads to `dead` takes nothing."""
    found: Took = []

    def send(url: str, secrets: Any, message: Message) -> None:
        if "dead" in url:
            raise Undelivered("it answered 500")
        found.append((url, message))

    monkeypatch.setattr(webhook, "send", send)
    return found


def test_the_notice_goes_where_the_routes_say_and_is_marked_as_a_test(environment: Environment, took: Took) -> None:
    project = environment.project
    make_channel(project, key="ops", url="https://ops.example.com/")
    make_channel(project, key="web", url="https://web.example.com/")
    make_route(project, key="web", channels=["web"], matchers=[{"label": "team", "match": "=", "value": "web"}])
    make_route(project, key="rest", channels=["ops"])
    rule = make_rule(environment, description="Look at the logs.")
    sent = services.test_rule(rule_id=rule.pk, labels={"team": "web"}, **WHO)
    services.deliver_test(sent=sent, at=AT)
    [(url, message)] = took
    assert url == "https://web.example.com/"
    assert message.title == "Test: Too many errors in shop/production"
    assert "Nothing is wrong" in message.notice.seen
    assert (message.notice.labels, message.acknowledge_url) == ({"team": "web"}, "")
    row = Notification.objects.get()
    assert (row.kind, row.status, row.alert) == ("TEST", "SENT", None)
    assert row.why == "tests tests the rule errors: route web"
    entry = AuditEntry.objects.get(kind="alerts.rule_tested")
    assert (entry.subject_label, entry.reason) == ("errors", "drill")
    assert not Alert.objects.exists()


def test_every_kind_of_channel_says_that_it_is_a_test(environment: Environment) -> None:
    rule = make_rule(environment)
    make_channel(environment.project)
    [row] = services.test_rule(rule_id=rule.pk, **PLAIN)
    message = Message(id=str(row.dedup_id), at=AT, notice=load_notice(row.content))
    assert "Test: Too many errors" in slack.payload(message)["text"]
    assert b'"type":"test"' in webhook.payload(message)
    assert b"Test: Too many errors" in sentry.payload(message)
    assert b'["pulseops","shop/production","errors","test"]' in sentry.payload(message)
    assert b'"level":"info"' in sentry.payload(message)
    assert "Test: Too many errors" in email.compose(message, sender="p@example.com", to=("a@example.com",))["Subject"]


def test_a_channel_that_is_off_is_said_and_not_sent_to(environment: Environment, took: Took) -> None:
    make_channel(environment.project, key="quiet", off=True)
    rule = make_rule(environment)
    sent = services.test_rule(rule_id=rule.pk, **PLAIN)
    services.deliver_test(sent=sent, at=AT)
    row = Notification.objects.get()
    assert (row.status, row.muted_by, row.due_at) == ("MUTED", "CHANNEL", None)
    assert "muted: the channel is off" in row.why
    assert took == []
    services.deliver_due(at=AT)
    assert took == []


def test_a_silence_and_a_pair_are_told_of_and_hold_no_test_back(environment: Environment, took: Took) -> None:
    make_channel(environment.project)
    make_alert(environment, key="worse", severity="critical", pair="errors")
    rule = make_rule(environment, severity="error", pair="errors")
    assert services.explain_telling(rule_id=rule.pk, at=AT).mute is None  # another series
    muted = services.explain_telling(rule_id=rule.pk, at=AT, labels={"host": "a"}).mute
    assert muted is not None
    assert muted.words == "worse fires for the same and is more severe (critical)"
    make_silence(environment, alertname="errors")
    silenced = services.explain_telling(rule_id=rule.pk, at=AT).mute
    assert silenced is not None
    assert silenced.by == "SILENCE"
    services.deliver_test(sent=services.test_rule(rule_id=rule.pk, **PLAIN), at=AT)
    assert [message.notice.kind for _url, message in took] == ["TEST"]


def test_routes_are_explained_in_the_order_in_which_they_are_asked(environment: Environment) -> None:
    project = environment.project
    make_channel(project)
    make_route(project, key="elsewhere", matchers=[{"label": "environment", "match": "=", "value": "staging"}])
    make_route(project, key="also", channels=["ops"], continues=True)
    make_route(project, key="last", channels=["ops"])
    make_route(project, key="never", channels=["ops"])
    telling = services.explain_telling(rule_id=make_rule(environment).pk, at=AT)
    assert [(step.route.key, step.fits) for step in telling.steps] == [
        ("elsewhere", False),
        ("also", True),
        ("last", True),
        ("never", None),
    ]
    assert [(one.channel.key, one.why) for one in telling.hearers] == [("ops", "route also")]
    assert telling.labels == {"alertname": "errors", "environment": "production", "severity": "critical"}


def test_looking_makes_no_channel_of_the_settings_and_sending_does(
    environment: Environment, settings: Any, took: Took
) -> None:
    settings.ALERT_WEBHOOK_URL = "https://ours.example.com/"
    rule = make_rule(environment)
    telling = services.explain_telling(rule_id=rule.pk, at=AT)
    assert [one.channel.name for one in telling.hearers] == ["Webhook of this installation"]
    assert not Channel.objects.exists()
    services.deliver_test(sent=services.test_rule(rule_id=rule.pk, **PLAIN), at=AT)
    assert Channel.objects.get().built_in
    assert [url for url, _message in took] == ["https://ours.example.com/"]


@pytest.mark.parametrize("labels", [{"no label": "x"}, {"__x": "y"}, {"a": "x\0"}, {"a": "x" * 501}])
def test_labels_that_no_series_has_are_refused(environment: Environment, labels: dict[str, str]) -> None:
    rule = make_rule(environment)
    with pytest.raises(services.InvalidTest):
        services.test_rule(rule_id=rule.pk, labels=labels, **WHO)
    assert not Notification.objects.exists()


# The page


def test_the_page_shows_who_would_hear_and_then_how_it_fared(
    environment: Environment, visitor: Visitor, took: Took
) -> None:
    make_rule(environment)
    shows(visitor.get("rule-detail", key="errors"), "Send a test notice", visitor.url("rule-test", key="errors"))
    shows(visitor.get("rule-test", key="errors"), "Nobody: an alert of this rule", "no channel hears this severity")
    make_channel(environment.project, key="ops")
    make_channel(environment.project, key="dead", url="https://dead.example.com/")
    make_channel(environment.project, key="quiet", off=True)
    page = visitor.get("rule-test", key="errors")
    shows(page, "there are no routes, and critical goes here without", "the channel is off: tests")
    assert not Notification.objects.exists()
    sent = visitor.post("rule-test", {"labels": "host=web-1\nteam=x", "reason": "drill"}, key="errors")
    assert sent.status_code == 302
    page = visitor.client.get(sent.headers["Location"])
    shows(page, "How it fared", "Sent", "Failed", "it answered 500", "Muted", "Log of deliveries")
    assert [message.notice.labels for _url, message in took] == [{"host": "web-1", "team": "x"}]
    assert AuditEntry.objects.get(kind="alerts.rule_tested").reason == "drill"
    shows(visitor.get("timeline"), "sent a test notice of")
    shows(visitor.get("channel-deliveries"), "tests the rule errors")


def test_looking_for_other_labels_sends_nothing(environment: Environment, visitor: Visitor) -> None:
    make_channel(environment.project)
    make_route(environment.project, channels=["ops"], matchers=[{"label": "host", "match": "=", "value": "a"}])
    make_rule(environment)
    shows(visitor.get("rule-test", key="errors"), "Does not fit", "No route that fits names a channel")
    page = visitor.post("rule-test", {"labels": "host=a", "look": "1"}, key="errors")
    shows(page, "route all", "Fits", "decides")
    assert not Notification.objects.exists()


@pytest.mark.parametrize("button", [{}, {"look": "1"}])
@pytest.mark.parametrize(("labels", "told"), [("nonsense", "is not of the form label=value"), ("1x=y", "1x")])
def test_labels_at_fault_are_told_at_the_field(
    environment: Environment, visitor: Visitor, button: dict[str, str], labels: str, told: str
) -> None:
    make_rule(environment)
    page = visitor.post("rule-test", {"labels": labels} | button, key="errors")
    assert page.status_code == 422
    shows(page, told)
    assert not Notification.objects.exists()


def test_the_page_shows_tests_of_this_project_alone(environment: Environment, visitor: Visitor, took: Took) -> None:
    other = make_project(key="other")
    theirs = services.test_channel(channel_id=make_channel(other, key="theirs").pk, **WHO)
    make_rule(environment)
    page = visitor.get("rule-test", f"?sent={theirs.pk}-x-9999999999999999999999", key="errors")
    assert page.status_code == 200
    assert "Theirs" not in text(page)


@pytest.mark.parametrize("role", ["Viewer", "Product"])
def test_who_may_not_change_rules_sends_no_test(environment: Environment, role: str) -> None:
    make_rule(environment)
    visitor = Visitor(environment.project, role=role)
    assert visitor.get("rule-test", key="errors").status_code == 403
    assert visitor.post("rule-test", {}, key="errors").status_code == 403
    assert "Send a test notice" not in text(visitor.get("rule-detail", key="errors"))


# The API


def test_the_api_sends_a_test_and_says_how_it_fared(environment: Environment, took: Took) -> None:
    rules = "/api/v1/projects/shop/environments/production/alert-rules/"
    make_channel(environment.project)
    make_rule(environment)
    answer = as_role("Operator").post(
        f"{rules}errors/test/", {"labels": {"host": "a"}, "reason": "drill"}, format="json"
    )
    assert answer.status_code == 200
    [sent] = answer.json()["notifications"]
    assert (sent["channel"], sent["kind"], sent["status"]) == ("ops", "TEST", "SENT")
    assert took[0][1].notice.labels == {"host": "a"}
    refused = as_role("Operator").post(f"{rules}errors/test/", {"labels": {"no label": "a"}}, format="json")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "labels"
    assert as_role("Operator").post(f"{rules}nothing/test/", {}, format="json").status_code == 404
    assert as_role("Product").post(f"{rules}errors/test/", {}, format="json").status_code == 403
