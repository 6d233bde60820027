"""What an alert set off, and its undoing, in a real browser: accessible in both schemes, narrow, and by keyboard."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from apps.alerts import services
from apps.alerts.models import Alert, Response
from apps.core import clock
from apps.core.models import Environment, Project
from apps.flags.models import FlagState
from tests.browser.conftest import Open
from tests.browser.test_a11y import problems_everywhere
from tests.factories import make_flag, make_rule, push

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCOPE = "/admin/p/shop/production"


@pytest.fixture
def furnished(project: Project) -> Alert:
    """An alert that killed a flag, and answers of every other sort beside that."""
    now = clock.now()
    production = Environment.objects.get(project=project, key="production")
    make_flag(project=project, key="checkout", on=True)
    push(production, "errors", (now, 9), host="web-1")
    response = {"kind": "kill_flag", "flag": "checkout", "changed_within_seconds": 10**9}
    make_rule(production, response=response, at=now, guard="errors_low")
    services.judge_due(at=now)
    services.respond_due(at=now)
    alert = Alert.objects.get()
    call: dict[str, Any] = {"alert": alert, "kind": "call_webhook", "created_at": now}
    about: dict[str, Any] = {"config": {"channel": "a-webhook-with-a-rather-long-key-of-fifty-letters-x"}}
    why = "calls the webhook runbook not: it acted at 09:00 UTC and then waits 15 minutes, until 09:15"
    Response.objects.create(**call, **about, status="REFUSED", told=why, settled_at=now, dry_run=True)
    later = {"due_at": now + timedelta(days=1), "attempts": 2}
    Response.objects.create(**call, **about, status="PENDING", told="the receiver answered 503", **later)
    Response.objects.create(**call, **about, status="FAILED", told="the receiver answered 503", settled_at=now)
    undone = {"undone_at": now, "undone_by_label": "ann"}
    paused = {"kind": "pause_rollout", "config": {"flag": "checkout"}, "told": "paused", "settled_at": now}
    Response.objects.create(**call | paused, **undone, status="UNDONE")
    return alert


def test_every_page_is_accessible_and_narrow(tab: Open, furnished: Alert) -> None:
    wide = tab(role="Operator")
    paths = [f"{SCOPE}/alerts/{furnished.pk}/", f"{SCOPE}/rules/errors/delete/", f"{SCOPE}/rules/errors/"]
    assert [fault for path in paths for fault in problems_everywhere(wide, path)] == []


def test_a_kill_is_undone_by_keyboard_alone(tab: Open, furnished: Alert) -> None:
    at = tab(role="Operator")
    page = at.open(f"{SCOPE}/alerts/{furnished.pk}/")
    page.get_by_text("Undo: Kill the flag checkout").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Lift the kill")).to_be_focused()
    page.keyboard.press("Enter")
    at.judge("Say why, so that others understand this later.")
    page.get_by_label("Reason").fill("a false alarm")
    page.get_by_role("button", name="Lift the kill").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("lifted the kill of checkout in production: it is on again: a false alarm")).to_be_visible()
    assert FlagState.objects.get(flag__key="checkout", environment__key="production").status == "ON"
