"""The frame by keyboard alone, and what a visitor's choices do."""

import re

import pytest
from playwright.sync_api import Page, expect

from apps.core.models import Project
from tests.browser.conftest import Open, log_in
from tests.factories import PASSWORD, make_flag, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCOPE = "/admin/p/shop/production"


def focused(page: Page) -> str:
    """The words of the element that has the focus."""
    text: str = page.evaluate("document.activeElement === document.body ? '' : document.activeElement.innerText")
    return text.strip()


def tab_to(page: Page, words: str) -> None:
    """Press Tab until the element with these words has the focus."""
    for _press in range(60):
        if words in focused(page):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{words!r} cannot be reached with Tab")


def test_login_by_keyboard(tab: Open) -> None:
    user = make_user(role="Viewer")
    at = tab(role=None)
    page = at.open("/admin/login/?next=/admin/")
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.type(user.username)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{SCOPE}/")


def test_skip_link_is_first_and_leads_to_the_content(tab: Open) -> None:
    page = tab().open(f"{SCOPE}/")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_palette_opens_finds_and_goes_by_keyboard(tab: Open, project: Project) -> None:
    make_flag(project=project, key="newCheckout")
    page = tab().open(f"{SCOPE}/")
    page.keyboard.press("Control+k")
    page.keyboard.type("newch")
    option = page.get_by_role("option", name=re.compile("newCheckout"))
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{SCOPE}/flags/newCheckout/")


def test_palette_moves_with_arrows_and_says_when_nothing_is_found(tab: Open) -> None:
    page = tab().open(f"{SCOPE}/")
    page.keyboard.press("Meta+k")
    options = page.get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.type("zzzz")
    expect(page.get_by_text("Nothing found.")).to_be_visible()


def test_palette_keeps_the_focus_inside_and_gives_it_back(tab: Open) -> None:
    page = tab().open(f"{SCOPE}/")
    tab_to(page, "Search")
    page.keyboard.press("Enter")
    expect(page.locator("#palette")).to_be_visible()
    for _press in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "!document.activeElement || document.activeElement === document.body"
            " || document.getElementById('palette').contains(document.activeElement)"
        )
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    assert "Search" in focused(page)


def test_environment_switch_by_keyboard_keeps_the_page(tab: Open) -> None:
    page = tab().open(f"{SCOPE}/timeline/")
    tab_to(page, "Environment:")
    page.keyboard.press("Enter")
    tab_to(page, "Staging")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/p/shop/staging/timeline/")
    expect(page.locator("summary", has_text="Environment:")).to_contain_text("Staging")


def test_menu_closes_on_escape_and_gives_the_focus_back(tab: Open) -> None:
    page = tab().open(f"{SCOPE}/")
    tab_to(page, "Account of")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Log out")).to_be_hidden()
    assert "Account of" in focused(page)


def test_theme_choice_beats_the_system_and_is_kept(tab: Open) -> None:
    page = tab(scheme="light").open(f"{SCOPE}/")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.locator("summary", has_text="Account of").click()
    page.get_by_role("button", name="Dark").click()
    dark = page.evaluate(background)
    assert dark != light
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    page.goto(page.url)
    assert page.evaluate(background) == dark
    page.locator("summary", has_text="Account of").click()
    page.get_by_role("button", name="System").click()
    assert page.evaluate(background) == light


def test_sidebar_on_a_small_screen_opens_by_keyboard(tab: Open) -> None:
    page = tab(width=320).open(f"{SCOPE}/")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    tab_to(page, "Menu")
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    page.keyboard.press("Enter")
    tab_to(page, "Timeline")
    page.keyboard.press("Enter")
    page.wait_for_url("**/timeline/")


def test_key_is_issued_and_copied(tab: Open) -> None:
    page = tab().open("/admin/core/apikey/add/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("Name").fill("web")
    page.get_by_label("Environment", exact=True).select_option(label="shop/production")
    page.get_by_role("button", name="Issue an API key").click()
    page.get_by_role("button", name="Copy the token").click()
    expect(page.get_by_role("button", name="Copy the token")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("pulse_client_")


def test_log_out_and_in_as_somebody_else(tab: Open) -> None:
    at = tab()
    page = at.open(f"{SCOPE}/")
    page.locator("summary", has_text="Account of").click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="You are logged out").wait_for()
    log_in(at, make_user(role="Viewer").username)
    expect(page.get_by_role("link", name="People")).to_have_count(0)


def test_pages_work_without_scripts(tab: Open) -> None:
    at = tab(role=None, width=320, scripts=False)
    log_in(at, make_user(role="Administrator").username)
    page = at.open(f"{SCOPE}/")
    page.get_by_role("link", name="Timeline", exact=True).click()
    page.wait_for_url("**/timeline/")
