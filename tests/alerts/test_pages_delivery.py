"""The pages of delivery: the link in a notice, channels and silences."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from apps.alerts import services
from apps.alerts.models import Alert
from apps.alerts.services.acknowledging import SALT, acknowledge_url
from apps.core import clock
from apps.core.models import AuditEntry, Environment
from tests.factories import make_alert, make_project, push
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
