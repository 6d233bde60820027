"""Asking why, individual users and prerequisites in a real browser: with scripts, without, and by keyboard."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from apps.core import clock
from apps.core.models import Project
from apps.flags import services
from apps.flags.domain.engine.definitions import Override
from apps.flags.domain.transitions import Change
from apps.flags.models import FlagState
from tests.browser.conftest import Open
from tests.browser.test_flags import press_tab_to
from tests.factories import ACTOR, AT, make_flag, make_segment, state_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCOPE = "/admin/p/shop/production"
DARK = f"{SCOPE}/flags/dark/"


def again(state: FlagState) -> FlagState:
    return FlagState.objects.get(pk=state.pk)


def apply(page: Page, reason: str) -> None:
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Apply to Production").click()
    page.get_by_text("is live in Production").wait_for()


def test_the_preview_leads_to_the_explanation_and_that_to_the_past(tab: Open, project: Project) -> None:
    make_segment(project=project, key="internal", members=["u-42"])
    make_flag(project=project, key="dark", rolling_out=True)
    page = tab(role="Viewer").open(DARK)
    page.get_by_label("User id", exact=True).fill("u-42")
    page.get_by_role("link", name="Explain in full").click()
    expect(page.get_by_role("heading", name="because bucket")).to_be_visible()
    expect(page.get_by_role("img", name="The bucket of u-42 is")).to_be_visible()
    lefts = page.locator(".trace > li").evaluate_all("steps => steps.map(step => step.offsetLeft)")
    assert (len(lefts), len(set(lefts))) == (4, 1)  # told one below the other
    expect(page.get_by_label("User id")).to_have_value("u-42")
    page.get_by_label("Moment (UTC)").fill(f"{AT - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}")
    page.get_by_role("button", name="Explain the answer").click()
    expect(page.get_by_text("dark did not exist at 2026-01-05 08:00:00 UTC.")).to_be_visible()
    page.get_by_label("Moment (UTC)").fill(f"{AT:%Y-%m-%dT%H:%M:%S}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="version 2")).to_be_visible()
    assert "user=u-42" in page.url


def test_a_user_is_added_for_a_day_and_removed_when_that_is_over(tab: Open, project: Project) -> None:
    state = state_in(make_flag(project=project, key="dark", on=True))
    page = tab(role="Product").open(DARK)
    page.get_by_label("Targeting key").fill("u-7")
    page.get_by_label("Gets", exact=True).select_option("off")
    page.get_by_role("button", name="Review override").click()
    expect(page.locator("ins")).to_contain_text("UTC: u-7")
    apply(page, "sees a broken layout")
    expect(page.get_by_role("region", name="Individual users")).to_contain_text("ends in")
    page.get_by_role("link", name="u-7", exact=True).click()
    expect(page.get_by_role("heading", name="off, because there is an override for u-7")).to_be_visible()

    expired = Change(overrides=(Override("off", ("u-7",), clock.now() - timedelta(minutes=5)),))
    services.set_state(state_id=state.pk, change=expired, actor=ACTOR, reason="x", at=AT, expected_version=None)
    page.goto(page.url.split("explain/")[0])
    page.get_by_role("button", name="Remove 1 expired").click()
    page.get_by_text("is live in Production").wait_for()
    assert again(state).overrides == []


def test_overrides_are_edited_in_rows(tab: Open, project: Project) -> None:
    state = state_in(make_flag(project=project, key="dark", on=True))
    page = tab(role="Product").open(DARK)
    page.get_by_role("link", name="Edit overrides").click()
    expect(page.locator(".edit-row")).to_have_count(0)
    for n, users in enumerate(["u-1\nu-2", "u-3", "u-4"]):
        page.get_by_role("button", name="Add an override").click()
        row = page.locator(".edit-row").nth(n)
        row.get_by_label("Variant").select_option("off")
        row.get_by_label("Targeting keys").fill(users)
    page.get_by_role("button", name="Remove Override").nth(1).click()
    page.get_by_role("button", name="Review change in Production").click()
    page.get_by_role("button", name="Keep editing").click()
    expect(page.locator(".edit-row")).to_have_count(2)
    expect(page.get_by_label("Targeting keys").first).to_have_value("u-1\nu-2")
    page.get_by_role("button", name="Review change in Production").click()
    apply(page, "testers")
    assert [one["targeting_keys"] for one in again(state).overrides] == [["u-1", "u-2"], ["u-4"]]


def test_a_prerequisite_is_added_by_keyboard_alone(tab: Open, project: Project) -> None:
    make_flag(project=project, key="base")
    state = state_in(make_flag(project=project, key="dark", on=True))
    page = tab(role="Product").open(DARK)
    press_tab_to(page, "Edit prerequisites")
    page.keyboard.press("Enter")
    page.wait_for_url("**/prerequisites/")
    press_tab_to(page, "Add a flag")
    page.keyboard.press("Enter")  # the new row has the focus
    page.keyboard.type("gone")
    press_tab_to(page, "prerequisites-0-variants")
    page.keyboard.type("on")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="there is no flag 'gone'").wait_for()
    press_tab_to(page, "Flag 1, Flag: there is no flag 'gone'")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("base")
    page.keyboard.press("Enter")
    expect(page.get_by_text("base has to serve on: met for nobody at present.")).to_be_visible()
    press_tab_to(page, "reason")
    page.keyboard.type("builds on it")
    press_tab_to(page, "Apply to Production")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Waits for")).to_contain_text("met for nobody")
    assert again(state).prerequisites == [{"flag": "base", "variants": ["on"]}]


def test_all_of_it_works_without_scripts(tab: Open, project: Project) -> None:
    make_flag(project=project, key="base")
    state = state_in(make_flag(project=project, key="dark", on=True))
    plain = tab(role="Product", scripts=False)
    page = plain.open(f"{DARK}overrides/")
    expect(page.locator(".edit-row")).to_have_count(4)
    page.get_by_label("Variant").first.select_option("off")
    page.get_by_label("Targeting keys").first.fill("u-1\nu-2")
    page.get_by_role("button", name="Review change in Production").click()
    apply(page, "testers")
    page.get_by_role("link", name="Edit prerequisites").click()
    page.get_by_label("Flag", exact=True).first.fill("base")
    page.get_by_label("Has to serve").first.fill("off")
    page.get_by_role("button", name="Review change in Production").click()
    apply(page, "builds on it")
    page.goto(f"{plain.url}{DARK}explain/")
    page.get_by_label("User id").fill("u-2")
    page.get_by_role("button", name="Explain the answer").click()
    expect(page.get_by_role("heading", name="off, because there is an override for u-2")).to_be_visible()
    page.get_by_role("link", name="Explain base for this user").click()
    expect(page.get_by_role("heading", name="off, because the flag is off")).to_be_visible()
    assert [one["targeting_keys"] for one in again(state).overrides] == [["u-1", "u-2"]]
