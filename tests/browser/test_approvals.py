"""Asking for approval, deciding, and scheduling, in a real browser; and that these pages are for everybody."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from apps.core import audit, clock
from apps.core.models import ChangeRequest, Project
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.transitions import Change
from apps.flags.models import FlagState, ScheduledChange
from tests.browser.conftest import Open
from tests.browser.test_a11y import problems, problems_everywhere
from tests.browser.test_flags import press_tab_to
from tests.factories import (
    ACTOR,
    ask_for_approvals,
    make_flag,
    make_request,
    make_segment,
    make_user,
    split_rule,
    state_in,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCOPE = "/admin/p/shop/production"
STAGING = "/admin/p/shop/staging"


@pytest.fixture
def asking(project: Project) -> Project:
    ask_for_approvals(project.environments.get(key="production"))
    return project


def again(state: FlagState) -> FlagState:
    return FlagState.objects.get(pk=state.pk)


def scheduled(state: FlagState, *, hours: float = 1, now: Any = None, **change: Any) -> ScheduledChange:
    at = now or clock.now()
    return services.schedule_change(
        state_id=state.pk,
        change=Change(**(change or {"status": FlagStatus.ON})),
        apply_at=at + timedelta(hours=hours),
        actor=ACTOR,
        reason="launch day",
        at=at,
        expected_version=None,
    )


def test_one_person_asks_and_another_approves(tab: Open, asking: Project) -> None:
    state = state_in(make_flag(project=asking, key="dark"))
    author = tab(role="Product")
    page = author.open(f"{SCOPE}/flags/dark/")
    page.get_by_role("link", name="Turn on for everyone").click()
    expect(page.get_by_text("Production asks for 1 approval.")).to_be_visible()
    page.get_by_label("Reason").fill("launch day")
    page.get_by_role("button", name="Request approval", exact=True).click()
    expect(page.get_by_role("heading", name="dark in production")).to_be_visible()
    expect(page.get_by_role("button", name="Withdraw the request")).to_be_visible()
    expect(page.get_by_role("button", name="Approve and apply")).to_have_count(0)
    assert again(state).status == "OFF"

    other = tab(role="Product").open(f"{SCOPE}/")
    other.get_by_role("link", name="asks you to approve a change of dark").first.click()
    expect(other.locator("ins").first).to_contain_text("On")
    other.get_by_label("Comment").fill("looks good")
    other.get_by_role("button", name="Approve and apply").click()
    expect(other.get_by_text("looks good")).to_be_visible()
    expect(other.locator(".pill").filter(has_text="Applied")).to_be_visible()
    assert again(state).status == "ON"


def test_a_request_is_found_in_the_list_and_rejected(tab: Open, asking: Project) -> None:
    state = state_in(make_flag(project=asking, key="dark"))
    make_request(state)
    page = tab(role="Product").open(f"{SCOPE}/flags/")
    page.get_by_role("link", name="Approvals").click()
    page.get_by_role("link", name="dark in production").click()
    page.get_by_label("Comment").fill("not on a Friday")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("not on a Friday")).to_be_visible()
    page.get_by_role("link", name="Approvals").first.click()
    expect(page.get_by_role("heading", name="Nothing waits for approval")).to_be_visible()
    page.get_by_role("link", name="Closed").click()
    expect(page.get_by_role("link", name="dark in production")).to_be_visible()
    assert again(state).status == "OFF"


def test_a_change_is_scheduled_from_its_review_and_cancelled(tab: Open, project: Project) -> None:
    state = state_in(make_flag(project=project, key="dark"), "staging")
    page = tab(role="Product").open(f"{STAGING}/flags/dark/toggle/?to=on")
    page.get_by_text("At a set time instead").click()
    page.get_by_role("button", name="Schedule the change").click()
    expect(page.get_by_role("link", name="Choose the time")).to_be_visible()
    page.get_by_label("Time (UTC)").fill("2099-03-01T09:00")
    page.get_by_role("button", name="Schedule the change").click()
    expect(page.get_by_role("heading", name="Yet to come")).to_be_visible()
    expect(page.get_by_text("2099-03-01 09:00 UTC")).to_be_visible()
    assert again(state).status == "OFF"
    page.get_by_role("button", name="Cancel the schedule").click()
    expect(page.get_by_role("heading", name="Yet to come")).to_have_count(0)
    assert ScheduledChange.objects.get().status == "CANCELLED"


def test_a_conflict_is_scheduled_again(tab: Open, project: Project) -> None:
    state = state_in(make_flag(project=project, key="dark"))
    scheduled(state, hours=1, now=clock.now() - timedelta(hours=2))
    services.kill(state_id=state.pk, actor=ACTOR, reason="errors", at=clock.now())
    services.apply_due_changes(at=clock.now())
    services.lift_kill(
        state_id=state.pk, status=FlagStatus.OFF, actor=ACTOR, reason="fixed", at=clock.now(), expected_version=None
    )
    page = tab(role="Product").open(f"{SCOPE}/flags/dark/")
    expect(page.get_by_text("tests killed the flag first")).to_be_visible()
    page.get_by_role("link", name="Schedule again on top of the present version").click()
    page.get_by_label("Time (UTC)").fill("2099-03-01T09:00")
    page.get_by_role("button", name="Schedule the change").click()
    expect(page.get_by_text("2099-03-01 09:00 UTC")).to_be_visible()
    page.get_by_role("button", name="Dismiss the conflict").click()
    expect(page.get_by_text("tests killed the flag first")).to_have_count(0)
    assert ScheduledChange.objects.get(status="PENDING").base_version == 3


def test_asking_and_deciding_by_keyboard_alone_without_scripts(tab: Open, asking: Project) -> None:
    state = state_in(make_flag(project=asking, key="dark"))
    author = tab(role="Product", scripts=False).open(f"{SCOPE}/flags/dark/toggle/?to=on")
    author.get_by_label("Reason").fill("plain")
    author.get_by_role("button", name="Request approval", exact=True).press("Enter")
    expect(author.get_by_role("heading", name="dark in production")).to_be_visible()

    request = f"{SCOPE}/approvals/flags/{ChangeRequest.objects.get().pk}/"
    other = tab(role="Product", scripts=False).open(request)
    other.get_by_role("button", name="Approve and apply").press("Enter")
    expect(other.get_by_role("heading", name="dark in production")).to_be_visible()
    assert again(state).status == "ON"


def test_a_decision_by_keyboard_alone(tab: Open, asking: Project) -> None:
    state = state_in(make_flag(project=asking, key="dark"))
    request = make_request(state)
    page = tab(role="Product").open(f"{SCOPE}/approvals/flags/{request.pk}/")
    press_tab_to(page, "comment")
    page.keyboard.type("by keyboard")
    press_tab_to(page, "Approve and apply")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    expect(page.get_by_text("by keyboard")).to_be_visible()
    assert again(state).status == "ON"


@pytest.fixture
def furnished(project: Project) -> list[str]:
    """Something of every kind, and the pages that show it."""
    now = clock.now()
    checkout = state_in(make_flag(project=project, key="checkout", rolling_out=True))
    late = state_in(make_flag(project=project, key="late"))
    make_segment(project=project, key="beta-testers", members=["u-1"])
    conflict = scheduled(late, hours=1, now=now - timedelta(hours=2))
    scheduled(late, hours=2)
    services.set_state(
        state_id=late.pk,
        change=Change(off_variant="on"),
        actor=ACTOR,
        reason="meanwhile",
        at=now,
        expected_version=None,
    )
    services.apply_due_changes(at=now)
    scheduled(late, hours=3)
    half = make_request(checkout, patch={"rules": split_rule(on=50, off=50)}, reason="half of them " * 12)
    when = {"apply_at": "2099-01-01T09:00:00Z", "change": {"status": "OFF"}}
    timed = make_request(checkout, kind="flags.schedule", patch=when)
    outdated = make_request(late)
    mine = make_request(checkout, patch={"status": "OFF"}, actor=audit.person(make_user(username="n" * 120)))
    services.update_flag(
        flag_id=late.flag_id,
        fields={"client_exposed": True},
        actor=ACTOR,
        at=now,
        reason="x",
        expected_version=None,
        approved=True,
    )
    requests = [f"{SCOPE}/approvals/flags/{request.pk}/" for request in (half, timed, outdated, mine)]
    return [
        f"{SCOPE}/approvals/",
        f"{SCOPE}/approvals/?status=closed",
        *requests,
        f"{SCOPE}/flags/checkout/",
        f"{SCOPE}/flags/late/",
        f"{SCOPE}/flags/checkout/toggle/?to=off",
        f"{SCOPE}/flags/late/schedules/{conflict.pk}/again/",
        f"{SCOPE}/",
        f"{STAGING}/approvals/",
        "/admin/core/changerequest/",
        "/admin/flags/scheduledchange/",
    ]


def test_no_page_has_a_violation_or_scrolls_sideways(tab: Open, furnished: list[str]) -> None:
    at = tab()
    assert [problem for path in furnished for problem in problems_everywhere(at, path)] == []
    viewer = tab(role="Viewer")
    assert [problem for path in furnished[:8] for problem in problems(viewer, path)] == []


def test_forms_at_fault_and_refusals_have_no_violation(tab: Open, furnished: list[str]) -> None:
    at = tab()
    page = at.open(f"{SCOPE}/flags/checkout/toggle/?to=off")
    page.get_by_text("At a set time instead").click()
    page.get_by_label("Reason").fill("later")
    page.get_by_role("button", name="Request approval of the schedule").click()
    at.judge("Choose the time")
    page = at.open(f"{SCOPE}/segments/beta-testers/")
    page.get_by_role("textbox", name="Members").fill("u-1\nu-new")
    page.get_by_role("button", name="Review members").click()
    at.judge("Production asks for 1 approval.")
