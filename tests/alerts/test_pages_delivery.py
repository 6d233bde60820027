"""The pages of delivery: the link in a notice, and channels."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from apps.alerts import services
from apps.alerts.gateways.messages import Undelivered
from apps.alerts.models import Alert, Channel
from apps.alerts.services.acknowledging import SALT, acknowledge_url
from apps.core import clock
from apps.core.models import AuditEntry, Environment
from tests.factories import make_alert, make_channel, make_project, make_silence, push
from tests.factories.delivery import SECRET
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db
BUTTON = 'button class="button button-primary">Acknowledge<'


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def visitor(environment: Environment) -> Visitor:
    return Visitor(environment.project, role="Operator")


def link(alert: Alert) -> str:
    return "/" + acknowledge_url(alert.pk, "slack").split("/", 3)[3]


def resolve(environment: Environment) -> None:
    at = clock.now() + timedelta(minutes=5)
    push(environment, "errors", (at, 1), host="a")
    services.judge_due(at=at)


# The link in a notice


def test_opening_the_link_shows_the_alert_and_changes_nothing(environment: Environment) -> None:
    alert, client = make_alert(environment, at=clock.now()), Client()
    page = client.get(link(alert))
    shows(page, "Too many errors", "7, above 5", "host=a", environment.project.name, "Critical", BUTTON)
    assert "no-store" in page.headers["Cache-Control"]
    assert client.head(link(alert)).status_code == 200
    alert.refresh_from_db()
    assert alert.acknowledged_at is None


def test_the_button_of_the_link_acknowledges_and_says_so(environment: Environment) -> None:
    alert, client = make_alert(environment, at=clock.now()), Client()
    page = client.post(link(alert))
    shows(page, "Acknowledged.", "It was taken on by link in slack")
    assert BUTTON not in text(page)
    entry = AuditEntry.objects.get(kind="alerts.acknowledged")
    assert (entry.actor_label, entry.reason) == ("link in slack", "by the link in a notice")
    again = client.get(link(alert))
    shows(again, "It was taken on by link in slack")
    assert BUTTON not in text(again)


def test_whoever_is_signed_in_is_named(environment: Environment, visitor: Visitor) -> None:
    alert = make_alert(environment, at=clock.now())
    shows(visitor.client.post(link(alert)), f"It was taken on by {visitor.user.get_username()}")


def test_the_button_of_the_link_wants_the_forms_token(environment: Environment) -> None:
    alert = make_alert(environment, at=clock.now())
    assert Client(enforce_csrf_checks=True).post(link(alert)).status_code == 403


def test_an_alert_that_is_over_cannot_be_taken_on(environment: Environment) -> None:
    alert, client = make_alert(environment, at=clock.now()), Client()
    resolve(environment)
    page = client.get(link(alert))
    shows(page, "It is over: there is nothing to take on any more.")
    assert BUTTON not in text(page)
    assert client.post(link(alert)).status_code == 409


def test_a_broken_link_says_what_to_do(environment: Environment, settings: Any) -> None:
    alert, client = make_alert(environment, at=clock.now()), Client()
    nobody = "/acknowledge/" + signing.dumps({"alert": 0, "channel": "slack"}, salt=SALT) + "/"
    for broken in ("/acknowledge/nonsense/", link(alert)[:-3] + "/", nobody):
        page = client.post(broken)
        assert page.status_code == 410
        shows(page, "This link does not work any more", "sign in and acknowledge the alert on its page")
    settings.ACKNOWLEDGE_LINK_HOURS = -1
    assert client.get(link(alert)).status_code == 410


def test_the_alerts_own_page_has_the_button_too(environment: Environment, visitor: Visitor) -> None:
    alert = make_alert(environment, at=clock.now())
    shows(visitor.get("alert-detail", alert=alert.pk), BUTTON)
    assert visitor.post("alert-acknowledge", {}, alert=alert.pk).status_code == 302
    page = visitor.get("alert-detail", alert=alert.pk)
    shows(page, "Acknowledged", visitor.user.get_username())
    assert BUTTON not in text(page)
    resolve(environment)
    assert visitor.post("alert-acknowledge", {}, alert=alert.pk).status_code == 302
    assert visitor.post("alert-acknowledge", {}, alert=alert.pk + 1).status_code == 404


def test_a_viewer_cannot_acknowledge(environment: Environment) -> None:
    alert, viewer = make_alert(environment, at=clock.now()), Visitor(environment.project, role="Viewer")
    assert BUTTON not in text(viewer.get("alert-detail", alert=alert.pk))
    assert viewer.post("alert-acknowledge", {}, alert=alert.pk).status_code == 403


# Channels


def answering(monkeypatch: pytest.MonkeyPatch, error: str = "") -> None:
    def call(*_: Any) -> str:
        if error:
            raise Undelivered(error)
        return ""

    monkeypatch.setattr("apps.alerts.services.delivering._call", call)


NEW = {"kind": "SLACK", "key": "team", "name": "Team", "target": "https://hooks.slack.com/services/T/B/x", "reason": ""}


@pytest.mark.parametrize(
    ("kind", "target", "leads"),
    [
        ("SLACK", "https://hooks.slack.com/services/T/B/hush", "hooks.slack.com"),
        ("EMAIL", "ann@example.com\nbob@example.com", "ann@example.com, bob@example.com"),
        ("SENTRY", "https://hush@sentry.example.com/7", "sentry.example.com"),
    ],
)
def test_a_channel_is_made_and_shows_no_secret(visitor: Visitor, kind: str, target: str, leads: str) -> None:
    assert visitor.post("channel-new", NEW | {"kind": kind, "target": target}).status_code == 302
    page = visitor.get("channel-detail", key="team")
    shows(page, "Team", leads)
    assert "hush" not in text(page)
    shows(visitor.get("channel-list"), "Team", str(Channel.Kind(kind).label), "On")


def test_a_webhooks_secret_is_shown_once(visitor: Visitor) -> None:
    made = visitor.post("channel-new", NEW | {"kind": "WEBHOOK", "target": "https://hooks.example.com/hush"})
    first = services.signing_secrets(Channel.objects.get())[0]
    shows(made, first, "It is not shown again")
    assert "no-store" in made.headers["Cache-Control"]
    rotated = visitor.post("channel-secret", {}, key="team")
    fresh = services.signing_secrets(Channel.objects.get())[0]
    assert fresh != first
    shows(rotated, fresh)
    page = text(visitor.get("channel-detail", key="team"))
    assert not [each for each in (first, fresh, "hush") if each in page]


def test_only_a_webhook_has_a_secret_to_rotate(environment: Environment, visitor: Visitor) -> None:
    make_channel(environment.project, kind="SLACK")
    assert visitor.post("channel-secret", {}, key="ops").status_code == 302
    shows(visitor.get("channel-detail", key="ops"), "only a webhook of the project's own has a secret to rotate")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kind": "EMAIL", "target": "nobody"}, "'nobody' is no e-mail address"),
        ({"key": "ops"}, "There is a channel ops here already."),
        ({"kind": "SENTRY"}, "error"),
        ({"target": ""}, "This field is required."),
    ],
)
def test_a_channel_at_fault_is_refused(
    environment: Environment, visitor: Visitor, wrong: dict[str, str], told: str
) -> None:
    make_channel(environment.project)
    page = visitor.post("channel-new", NEW | wrong)
    assert page.status_code == 422
    shows(page, told)


def test_a_channel_is_switched_off_with_its_reason_and_keeps_its_address(
    environment: Environment, visitor: Visitor
) -> None:
    row = make_channel(environment.project)
    change = {"version": 1, "name": "Ops", "target": "", "reason": "too loud"}
    assert visitor.post("channel-detail", change, key="ops").status_code == 302
    shows(visitor.get("channel-list"), "Off", "too loud")
    row.refresh_from_db()
    assert services.signing_secrets(row) == (SECRET,)
    assert visitor.post("channel-detail", change, key="ops").status_code == 409
    assert visitor.post("channel-detail", change | {"version": 2, "target": "x"}, key="ops").status_code == 422
    assert visitor.get("channel-detail", key="none").status_code == 404


def test_a_test_shows_what_the_receiver_answered(
    environment: Environment, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_channel(environment.project)
    answering(monkeypatch)
    assert visitor.post("channel-test", {}, key="ops").status_code == 302
    shows(visitor.get("channel-detail", key="ops"), "Ops took the test.", "Sent")
    answering(monkeypatch, "it answered 503")
    visitor.post("channel-test", {}, key="ops")
    shows(visitor.get("channel-list"), "Ops did not take the test: it answered 503")
    shows(visitor.get("channel-deliveries"), "Test", f"{visitor.user.get_username()} tests the channel")


def test_the_log_says_why_a_notice_was_muted(environment: Environment, visitor: Visitor) -> None:
    make_channel(environment.project)
    now = clock.now()
    shows(visitor.get("channel-deliveries"), "Nothing was told here yet")
    silence = make_silence(environment, at=now)
    make_alert(environment, at=now)
    shows(visitor.get("channel-deliveries"), "Too many errors", "Muted", f"silence {silence.pk} of tests")
    elsewhere = Visitor(environment.project, role="Viewer", environment="staging")
    shows(elsewhere.get("channel-deliveries"), "Nothing was told here yet")


def test_viewers_see_channels_and_change_none(environment: Environment) -> None:
    make_channel(environment.project)
    viewer = Visitor(environment.project, role="Viewer")
    shown = [text(viewer.get("channel-list")), text(viewer.get("channel-detail", key="ops"))]
    assert not [page for page in shown if "/test/" in page or "/secret/" in page or "New channel" in page]
    for name, key in (("channel-test", "ops"), ("channel-secret", "ops"), ("channel-detail", "ops")):
        assert viewer.post(name, {}, key=key).status_code == 403
    assert viewer.get("channel-new").status_code == 403
