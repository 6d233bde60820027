"""Metrics, events, checks, rules and alerts in a real browser: accessible in both schemes, narrow, and usable."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from apps.alerts import services as alerts
from apps.alerts.models import Alert, AlertRule, Incident
from apps.core import clock
from apps.core.models import Environment, Project
from apps.monitoring import services as monitoring
from apps.monitoring.domain.events import read_event
from apps.monitoring.domain.values import Window
from apps.monitoring.services.events import Received, Turned
from tests.browser.conftest import Open
from tests.browser.test_a11y import problems_everywhere
from tests.factories import make_check, make_flag, make_rule, push
from tests.factories.status import make_component, make_status_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCOPE = "/admin/p/shop/production"
PAGES = [
    "alerts/",
    "rules/",
    "rules/new/",
    "rules/errors/",
    "metrics/",
    "metrics/?name=errors&for=1h",
    "events/",
    "channels/",
    "new-channel/?kind=SLACK",
    "deliveries/",
    "silences/",
    "incidents/",
    "incidents/new/",
    "status/",
    "status/settings/",
    "status/new-component/",
    "status/components/web/",
]
EMPTY = ["incidents/", "alerts/", "rules/", "metrics/", "events/", "channels/", "silences/", "status/"]


@pytest.fixture
def furnished(project: Project) -> Alert:
    """An alert that killed a flag, events good and bad, and the samples of an hour."""
    now = clock.now()
    production = Environment.objects.get(project=project, key="production")
    make_flag(project=project, key="checkout", on=True)
    push(production, "errors", *((now - timedelta(minutes=n), 9 - n) for n in range(8)), host="web-1")
    monitoring.roll_up()
    response = {"kind": "kill_flag", "flag": "checkout", "changed_within_seconds": 10**9}
    make_rule(production, response=response, at=now)
    make_check(production, at=now)
    make_status_page(production, at=now)
    make_component(production, checks=["web"], at=now)
    make_component(production, key="mail", state="DEGRADED", at=now)
    alerts.judge_due(at=now)
    alerts.respond_due(at=now)
    event = read_event({"name": "message_sent", "targeting_key": "u-1"}, Window(now, timedelta(1), timedelta(0)))
    turned = [Turned(production.pk, "name is missing", "{}", now)]
    monitoring.store_events(received=[Received(production.pk, event, now)], turned=turned)
    return Alert.objects.get()


def test_every_page_is_accessible_and_narrow(tab: Open, furnished: Alert) -> None:
    wide = tab(role="Operator")
    one = f"incidents/{furnished.incident_id}/"
    paths = [f"{SCOPE}/{page}" for page in (*PAGES, f"alerts/{furnished.pk}/", one, f"{one}edit/")]
    assert [fault for path in paths for fault in problems_everywhere(wide, path)] == []


def test_empty_pages_are_accessible(tab: Open, project: Project) -> None:
    page = tab(role="Operator")
    assert [fault for path in EMPTY for fault in problems_everywhere(page, f"{SCOPE}/{path}")] == []


def test_from_the_overview_to_what_the_alert_did(tab: Open, furnished: Alert) -> None:
    page = tab(role="Operator").open(f"{SCOPE}/")
    page.get_by_role("link", name="Too many errors (host=web-1)").first.click()
    expect(page.get_by_role("heading", name="Too many errors (host=web-1)")).to_be_visible()
    expect(page.get_by_text("killed checkout in production: everyone gets the off variant").first).to_be_visible()
    page.get_by_role("link", name="Too many errors", exact=True).first.click()
    expect(page.get_by_role("heading", name="What it set off")).to_be_visible()


def test_an_incident_is_taken_on_and_resolved_by_keyboard(tab: Open, furnished: Alert) -> None:
    page = tab(role="Operator", width=320).open(f"{SCOPE}/incidents/{furnished.incident_id}/")
    page.get_by_role("button", name="Acknowledge").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("took on the incident")).to_be_visible()
    page.get_by_label("What is new").focus()
    page.keyboard.type("The flag is off; errors are gone.")
    page.keyboard.press("Tab")
    page.keyboard.press("r")  # chooses Resolved
    page.get_by_role("button", name="Post the update").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("noted (Resolved)")).to_be_visible()
    assert Incident.objects.get().status == "RESOLVED"


def test_a_rule_is_tried_and_saved_by_keyboard(tab: Open, furnished: Alert) -> None:
    page = tab(role="Operator").open(f"{SCOPE}/rules/errors/?as=json")
    definition = page.get_by_label("Rule (JSON)")
    definition.fill(definition.input_value().replace('"threshold": 5', '"threshold": 6'))
    button = page.get_by_role("button", name="Try on the last 14 days")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="In the last 14 days")).to_be_visible()
    assert AlertRule.objects.get().definition["threshold"] == 5
    page.get_by_role("button", name="Save the rule").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("above 6")).to_be_visible()
    assert AlertRule.objects.get().definition["threshold"] == 6


def test_events_are_followed_live(tab: Open, furnished: Alert) -> None:
    page = tab(role="Viewer").open(f"{SCOPE}/events/")
    expect(page.get_by_role("link", name="message_sent")).to_be_visible()
    page.get_by_role("button", name="Follow live").click()
    now, production = clock.now(), furnished.environment_id
    later = read_event({"name": "thread_view", "targeting_key": "u-2"}, Window(now, timedelta(1), timedelta(0)))
    monitoring.store_events(received=[Received(production, later, now)])
    expect(page.get_by_role("link", name="thread_view")).to_be_visible()
