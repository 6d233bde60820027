"""What a product manager does with flags, in a real browser: with scripts, without, and by keyboard alone."""

import pytest
from playwright.sync_api import Page, expect

from apps.core.models import AuditEntry, Project
from apps.flags import services
from apps.flags.models import Flag, FlagState
from tests.browser.conftest import Open
from tests.factories import ACTOR, AT, make_flag, make_segment, split_rule, state_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCOPE = "/admin/p/shop/production"
DARK = f"{SCOPE}/flags/dark/"


def again(state: FlagState) -> FlagState:
    return FlagState.objects.get(pk=state.pk)


def test_a_flag_is_turned_on_with_a_reason_and_that_is_undone(tab: Open, project: Project) -> None:
    state = state_in(make_flag(project=project, key="dark"))
    page = tab(role="Product").open(f"{SCOPE}/flags/")
    page.get_by_role("link", name="Turn on dark").click()
    page.get_by_label("Reason").fill("launch day")
    page.get_by_role("button", name="Turn on for everyone").click()
    expect(page.get_by_role("heading", name="State in Production: On")).to_be_visible()
    assert again(state).status == "ON"
    assert AuditEntry.objects.get(kind="flags.state_changed").reason == "launch day"
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="State in Production: Off")).to_be_visible()
    assert again(state).status == "OFF"


def test_a_percentage_is_previewed_while_typing_and_applied_after_a_review(tab: Open, project: Project) -> None:
    state = state_in(make_flag(project=project, key="dark", on=True))
    page = tab(role="Product").open(DARK)
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Of 1,000 sample users 1,000 get on")
    share = page.get_by_role("spinbutton", name="Per cent that get on")
    share.fill("0")
    expect(preview).to_contain_text("Of 1,000 sample users 0 get on")
    page.get_by_label("User id").fill("u-42")
    expect(preview).to_contain_text("user u-42: off, because")
    slider = page.get_by_role("slider", name="Per cent that get on")
    slider.fill("25")
    expect(share).to_have_value("25")
    expect(preview).to_contain_text("On for 25 %")
    share.fill("150")
    expect(preview).to_contain_text("at most 100 %")
    share.fill("25")
    page.get_by_role("button", name="Review change in Production").click()
    expect(page.get_by_role("heading", name="Change the rollout of dark in Production")).to_be_visible()
    expect(page.locator("ins")).to_contain_text("Everyone: 25 % on, 75 % off")
    page.get_by_label("Reason").fill("slowly")
    page.get_by_role("button", name="Apply to Production").click()
    expect(page.get_by_role("heading", name="State in Production: On for 25 %")).to_be_visible()
    assert again(state).rules == split_rule(on=25, off=75)


def test_fields_about_groups_show_only_while_groups_are_chosen(tab: Open, project: Project) -> None:
    make_segment(project=project, key="internal", members=["u-42"])
    state = state_in(make_flag(project=project, key="dark"))
    page = tab(role="Product").open(DARK)
    expect(page.get_by_label("internal")).to_be_hidden()
    page.get_by_label("Only these groups").check()
    page.get_by_label("internal").check()
    page.get_by_label("User id").fill("u-42")
    expect(page.locator("#preview")).to_contain_text("on, because u-42 is in internal")
    page.get_by_role("button", name="Review change in Production").click()
    page.get_by_label("Reason").fill("dogfood")
    page.get_by_role("button", name="Apply to Production").click()
    expect(page.get_by_role("heading", name="State in Production: On for internal")).to_be_visible()
    assert again(state).default_variant == "off"


def test_keep_editing_brings_the_unsaved_form_back(tab: Open, project: Project) -> None:
    make_flag(project=project, key="dark", on=True)
    page = tab(role="Product").open(DARK)
    page.get_by_role("spinbutton", name="Per cent that get on").fill("12.5")
    page.get_by_role("button", name="Review change in Production").click()
    page.get_by_role("button", name="Keep editing").click()
    expect(page.get_by_role("spinbutton", name="Per cent that get on")).to_have_value("12.5")


def test_a_kill_takes_one_click_from_the_list(tab: Open, project: Project) -> None:
    state = state_in(make_flag(project=project, key="dark", rolling_out=True))
    page = tab(role="Product").open(f"{SCOPE}/flags/")
    page.get_by_role("button", name="Kill dark").click()
    expect(page.get_by_role("heading", name="State in Production: Killed")).to_be_visible()
    assert again(state).status == "KILLED"
    page.get_by_role("link", name="Lift the kill").click()
    page.get_by_label("On: the rollout from before the kill applies again").check()
    page.get_by_label("Reason").fill("fixed")
    page.get_by_role("button", name="Lift the kill in Production").click()
    expect(page.get_by_role("heading", name="State in Production: On for 25 %")).to_be_visible()


def test_an_earlier_version_is_brought_back_from_the_history(tab: Open, project: Project) -> None:
    state = state_in(make_flag(project=project, key="dark", rolling_out=True))
    page = tab(role="Product").open(DARK)
    page.get_by_role("link", name="Revert to version 1").click()
    expect(page.locator("del").first).to_contain_text("On")
    page.get_by_label("Reason").fill("too early")
    page.get_by_role("button", name="Revert to version 1").click()
    expect(page.get_by_role("heading", name="State in Production: Off")).to_be_visible()
    assert again(state).rules == []


def test_two_tabs_do_not_overwrite_each_other(tab: Open, project: Project) -> None:
    state = state_in(make_flag(project=project, key="dark"))
    page = tab(role="Product").open(f"{DARK}toggle/?to=on")
    page.get_by_label("Reason").fill("mine")
    services.kill(state_id=state.pk, actor=ACTOR, reason="errors doubled", at=AT)
    page.get_by_role("button", name="Turn on for everyone").click()
    expect(page.get_by_role("alert")).to_contain_text("errors doubled")
    expect(page.get_by_label("Reason")).to_have_value("mine")
    assert again(state).status == "KILLED"


def test_a_flag_with_variants_is_created_with_added_and_removed_rows(tab: Open, project: Project) -> None:
    page = tab(role="Product").open(f"{SCOPE}/flags/new/")
    expect(page.locator(".variant-row")).to_have_count(0)
    page.get_by_label("Key", exact=True).fill("theme")
    page.get_by_label("Name").fill("Theme")
    page.get_by_label("String").check()
    expect(page.locator(".variant-row")).to_have_count(2)
    for n, word in enumerate(["light", "junk", "dark"]):
        if n == 2:
            page.get_by_role("button", name="Add a variant").click()
        row = page.locator(".variant-row").nth(n)
        row.get_by_label("Key").fill(word)
        row.get_by_label("Value").fill(word.upper())
    page.get_by_role("button", name="Remove variant").nth(1).click()
    page.get_by_role("button", name="Create flag").click()
    expect(page.get_by_role("heading", name="theme", exact=True)).to_be_visible()
    variants = Flag.objects.get(key="theme").variants.order_by("position")
    assert list(variants.values_list("key", "value")) == [("light", "LIGHT"), ("dark", "DARK")]


def test_an_error_summary_leads_to_its_field(tab: Open, project: Project) -> None:
    page = tab(role="Product").open(f"{SCOPE}/flags/new/")
    page.get_by_label("Key", exact=True).fill("1st")
    page.get_by_label("Name").fill("First")
    page.get_by_role("button", name="Create flag").click()
    page.get_by_role("link", name="Key: Start with a letter").click()
    expect(page.get_by_label("Key", exact=True)).to_be_focused()
    expect(page.get_by_label("Name")).to_have_value("First")


def test_members_are_reviewed_and_set(tab: Open, project: Project) -> None:
    segment = make_segment(project=project, key="internal", members=["u-1"])
    page = tab(role="Product").open(f"{SCOPE}/segments/internal/")
    page.get_by_label("Members").fill("u-2\nu-3\n")
    page.get_by_role("button", name="Review members").click()
    expect(page.locator("ins")).to_have_count(2)
    page.get_by_label("Reason").fill("new team")
    page.get_by_role("button", name="Set members in Production").click()
    expect(page.get_by_role("heading", name="2 members in Production")).to_be_visible()
    assert sorted(segment.members.present().values_list("targeting_key", flat=True)) == ["u-2", "u-3"]


def test_everything_works_without_scripts(tab: Open, project: Project) -> None:
    state = state_in(make_flag(project=project, key="dark", on=True))
    at = tab(role="Product", scripts=False)
    page = at.open(DARK)
    page.get_by_role("spinbutton").fill("30")
    page.get_by_label("User id").fill("u-42")
    page.get_by_role("button", name="Update preview").click()
    expect(page.locator("#preview")).to_contain_text("On for 30 %")
    expect(page.locator("#preview")).to_contain_text("user u-42")
    page.get_by_role("button", name="Review change in Production").click()
    page.get_by_label("Reason").fill("plain")
    page.get_by_role("button", name="Apply to Production").click()
    expect(page.get_by_role("heading", name="State in Production: On for 30 %")).to_be_visible()
    at.open(f"{SCOPE}/flags/new/")
    expect(page.locator(".variant-row")).to_have_count(4)
    assert again(state).rules == split_rule(on=30, off=70)


def test_a_rollout_by_keyboard_alone(tab: Open, project: Project) -> None:
    state = state_in(make_flag(project=project, key="dark"))
    page = tab(role="Product").open(f"{SCOPE}/flags/")
    press_tab_to(page, "dark")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{DARK}")
    press_tab_to(page, "share")
    page.keyboard.press("Control+a")
    page.keyboard.type("40")
    press_tab_to(page, "user")
    page.keyboard.type("u-42")
    page.keyboard.press("Enter")  # asks about the user, and stays
    expect(page.locator("#preview")).to_contain_text("user u-42")
    press_tab_to(page, "Review change in Production", back=True)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What changes").wait_for()
    press_tab_to(page, "reason")
    page.keyboard.type("by keyboard")
    press_tab_to(page, "Apply to Production")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="State in Production: On for 40 %")).to_be_visible()
    assert again(state).rules == split_rule(on=40, off=60)


def press_tab_to(page: Page, words: str, *, back: bool = False) -> None:
    """Until the element with this text or this name has the focus."""
    for _press in range(80):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        name, text = page.evaluate("[document.activeElement.name || '', document.activeElement.innerText || '']")
        if words in (name, text.strip()):
            return
    raise AssertionError(f"{words!r} cannot be reached with Tab")
