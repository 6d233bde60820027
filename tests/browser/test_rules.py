"""The editors of rules and routes in a real browser: accessible in both schemes, narrow, usable without a script."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from apps.alerts.models import AlertRule, Route
from apps.core import clock
from apps.core.models import Environment, Project
from apps.monitoring import services as monitoring
from tests.browser.conftest import Open
from tests.browser.test_a11y import problems_everywhere
from tests.factories import make_channel, make_rule, push
from tests.factories.delivery import make_route

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCOPE = "/admin/p/shop/production"
PAGES = [
    "rules/?q=errors",
    "rules/?q=nothing",
    "rules/new/",
    "rules/new/?as=json",
    "rules/errors/",
    "rules/errors/test/",
    "routes/",
    "new-route/",
    "routes/web/",
    "routes/web/delete/",
]


@pytest.fixture
def furnished(project: Project) -> Environment:
    """A rule with everything folded out, an hour of samples, channels and routes."""
    now = clock.now()
    production = Environment.objects.get(project=project, key="production")
    push(production, "errors", *((now - timedelta(minutes=n), 9 if n < 8 else 2) for n in range(60)), host="web-1")
    monitoring.roll_up()
    matchers = [{"label": "host", "match": "=~", "value": "web-.*"}]
    query = {"metric": "errors", "aggregate": "last", "window_seconds": 60, "matchers": matchers}
    response = {"kind": "kill_flag", "flag": "checkout", "dry_run": True, "cooldown_seconds": 60}
    make_rule(production, query=query, recovery_threshold=3, pair="errors", response=response, at=now)
    make_channel(project)
    make_channel(project, key="quiet", off=True)
    team = [{"label": "team", "match": "=", "value": "web"}]
    make_route(project, key="web", channels=["ops"], matchers=team, continues=True)
    make_route(project, key="rest", channels=["ops", "quiet"])
    return production


def test_every_page_is_accessible_and_narrow(tab: Open, furnished: Environment) -> None:
    wide = tab(role="Operator")
    paths = [f"{SCOPE}/{page}" for page in PAGES]
    assert [fault for path in paths for fault in problems_everywhere(wide, path)] == []


def test_a_rule_is_tried_mended_and_saved_with_the_script(tab: Open, furnished: Environment) -> None:
    one = tab(role="Operator")
    page = one.open(f"{SCOPE}/rules/new/?metric=errors")
    page.get_by_label("Name", exact=True).fill("Errors of the web hosts")
    page.get_by_label("Of it", exact=True).select_option("last")
    rows = page.get_by_role("group", name="Only series whose labels fit", exact=True)
    rows.get_by_label("Label", exact=True).first.fill("host")
    rows.get_by_label("Value", exact=True).first.fill("web-1")
    adder = rows.get_by_role("button", name="Add a row")
    adder.focus()
    page.keyboard.press("Enter")
    expect(rows.get_by_label("Label", exact=True).nth(1)).to_be_focused()
    page.keyboard.type("1x")
    page.get_by_role("button", name="Try on the last 14 days").click()
    one.judge("Nothing is saved yet. Please correct:")
    page.get_by_label("Threshold", exact=True).fill("5")
    page.get_by_role("button", name="Try on the last 14 days").click()
    expect(page.get_by_role("link", name="Row 2: is no name of a label")).to_be_visible()
    remove = rows.get_by_role("button", name="Remove").nth(1)
    remove.click()
    expect(adder).to_be_focused()
    page.get_by_role("button", name="Try on the last 14 days").click()
    one.judge("It would have fired 1 time.")
    assert not AlertRule.objects.filter(key="errors_of_the_web_hosts").exists()
    page.get_by_role("button", name="Edit as JSON").click()
    one.judge("Rule (JSON)")
    page.get_by_role("button", name="Edit in the form").click()
    page.get_by_role("button", name="Save the rule").click()
    expect(page.get_by_role("heading", name="Errors of the web hosts")).to_be_visible()
    rule = AlertRule.objects.get(key="errors_of_the_web_hosts")
    assert rule.definition["query"]["matchers"] == [{"label": "host", "match": "=", "value": "web-1"}]


def test_a_route_is_made_and_moved_without_a_script(tab: Open, furnished: Environment) -> None:
    page = tab(role="Operator", scripts=False).open(f"{SCOPE}/new-route/")
    page.get_by_label("Key").fill("first")
    rows = page.get_by_role("group", name="Alerts whose labels fit", exact=True)
    rows.get_by_label("Label", exact=True).first.fill("severity")
    rows.get_by_label("Value", exact=True).first.fill("critical")
    rows.get_by_role("button", name="Add a row").click()
    expect(rows.get_by_label("Label", exact=True)).to_have_count(5)
    expect(page.get_by_label("Key")).to_have_value("first")
    page.get_by_label("Ops").check()
    page.get_by_role("button", name="Save the route").click()
    page.get_by_role("button", name="Up first").click()
    page.get_by_role("button", name="Up first").click()
    assert list(Route.objects.order_by("position").values_list("key", flat=True)) == ["first", "web", "rest"]
    assert Route.objects.get(key="first").channels == ["ops"]
