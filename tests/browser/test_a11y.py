"""Every page of ours: no axe violation in either colour scheme, a quiet console, no sideways scrolling at 320 px."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Browser, ViewportSize
from pytest_django import Settings

from apps.core import clock, sealer
from apps.core.models import ApiKey, AuditEntry, Environment, Project
from apps.flags import services as flags
from tests.browser.axe import colour_violations, violations
from tests.browser.conftest import Open, Tab
from tests.factories import make_flag, make_key, make_segment

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCOPE = "/admin/p/shop/production"
WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=320, height=900)
SIDEWAYS = "document.documentElement.scrollWidth > 320"
UNFOLD = "document.querySelectorAll('main details').forEach(each => { each.open = true })"


@pytest.fixture
def furnished(project: Project, settings: Settings) -> Project:
    """Something to see on every page, and words without a place to break them."""
    production = Environment.objects.get(project=project, key="production")
    rolling = make_flag(project=project, key="checkout", rolling_out=True)
    make_flag(project=project, key="search", killed=True)
    make_flag(project=project, key="banner", on=True)
    make_segment(project=project, key="beta-testers", members=["u-1"])
    make_key(environment=production, name="web")
    make_key(environment=production, name="old", expires_at=clock.now() + timedelta(days=3))
    make_key(environment=production, name="gone", revoked=True)
    make_flag(project=project, key="a" * 90)
    settings.FEATURE_LOCKS = {f"PULSEOPS_FEATURE_{'A' * 90}": "unreadable"}
    flags.add_usage(counts={(production.pk, rolling.key, "on"): 42}, at=clock.now())
    sealer.seal()
    return project


def pages(project: Project) -> list[str]:
    key, entry = ApiKey.objects.order_by("id")[0].pk, AuditEntry.objects.filter(kind="flags.killed")[0].pk
    person, role = User.objects.order_by("id")[0].pk, Group.objects.get(name="Product").pk
    return [
        f"{SCOPE}/",
        "/admin/p/shop/staging/",
        f"{SCOPE}/timeline/",
        f"{SCOPE}/timeline/?kind=flags.killed",
        f"{SCOPE}/timeline/?actor=nobody",
        "/admin/health/",
        "/admin/core/project/",
        "/admin/core/project/add/",
        f"/admin/core/project/{project.pk}/change/",
        f"/admin/core/project/{project.pk}/history/",
        "/admin/core/environment/",
        "/admin/core/environment/add/",
        "/admin/core/apikey/",
        "/admin/core/apikey/add/",
        f"/admin/core/apikey/{key}/change/",
        f"/admin/core/apikey/{key}/rotate/",
        f"/admin/core/apikey/{key}/revoke/",
        "/admin/core/auditentry/",
        "/admin/core/auditentry/?q=nothing",
        f"/admin/core/auditentry/{entry}/change/",
        "/admin/auth/user/",
        "/admin/auth/user/add/",
        f"/admin/auth/user/{person}/change/",
        f"/admin/auth/user/{person}/password/",
        "/admin/auth/group/",
        f"/admin/auth/group/{role}/change/",
        "/admin/flags/flagusage/",
        "/admin/flags/flagstateversion/",
        "/admin/password_change/",
        "/admin/password_change/done/",
        "/admin/p/no-such/production/",
    ]


def problems(tab: Tab, path: str) -> list[str]:
    page = tab.open(path)
    found = [f"{path}: console: {text}" for text in tab.complaints]
    tab.complaints.clear()
    found += [f"{path}: {text}" for text in violations(page)]
    tab.complaints.clear()  # what axe itself caused
    return found


def problems_in_both_schemes(tab: Tab, path: str) -> list[str]:
    found = problems(tab, path)
    tab.page.emulate_media(color_scheme="dark")
    found += [f"{path}, dark: {text}" for text in colour_violations(tab.page)]
    tab.page.emulate_media(color_scheme="light")
    return found


def problems_everywhere(tab: Tab, path: str, *, unfolded: bool = False) -> list[str]:
    """One load for all: wide and light, dark, and at 320 px."""
    found = problems_in_both_schemes(tab, path)
    tab.page.set_viewport_size(NARROW)
    if unfolded:
        tab.page.evaluate(UNFOLD)
    if tab.page.evaluate(SIDEWAYS):
        found.append(f"{path}: scrolls sideways at 320 px")
    tab.page.set_viewport_size(WIDE)
    return found


def test_a_page_at_fault_is_found(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content('<main><h1 style="color: #ccc; background: #fff">Pale</h1><img src="data:,"></main>')
    assert {"color-contrast", "html-has-lang", "image-alt"} <= {found.split(":")[0] for found in violations(page)}
    assert [found.split(":")[0] for found in colour_violations(page)] == ["color-contrast"]
    page.close()


@pytest.mark.parametrize(
    ("content", "found"),
    [("", False), ("<p>{}</p>", True), ("<p hidden>{}</p>", False)],
)
def test_a_page_that_is_too_wide_is_found(chromium: Browser, content: str, found: bool) -> None:
    page = chromium.new_page(viewport=NARROW)
    page.set_content(f"<main>{content.format('x' * 90)}</main>")
    assert page.evaluate(SIDEWAYS) is found
    page.close()


def test_no_page_has_a_violation_or_scrolls_sideways(tab: Open, furnished: Project) -> None:
    at = tab()
    assert [problem for path in pages(furnished) for problem in problems_everywhere(at, path)] == []


def test_forms_with_errors_have_no_violation(tab: Open, furnished: Project) -> None:
    at = tab()
    for path, button in (
        ("/admin/core/project/add/", "Create a project"),
        ("/admin/core/apikey/add/", "Issue an API key"),
        ("/admin/auth/user/add/", "Add a person"),
    ):
        page = at.open(path)
        page.get_by_role("button", name=button).click()
        page.get_by_role("heading", name="Not saved yet").wait_for()
        at.check()
        assert violations(page) == [], path
        at.complaints.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_before_the_login_have_no_violation(tab: Open, scheme: str) -> None:
    at = tab(role=None, scheme=scheme)
    assert problems(at, "/admin/login/") == []
    page = at.open("/admin/login/")
    for _try in range(5):
        page.get_by_label("Username").fill("nobody")
        page.get_by_label("Password").fill("wrong")
        page.keyboard.press("Enter")
        page.wait_for_load_state()
    page.get_by_role("heading", name="Locked for a while").wait_for()
    at.check()
    assert violations(page) == []
    at.complaints.clear()


def test_open_menus_and_the_palette_have_no_violation(tab: Open, furnished: Project) -> None:
    at = tab()
    page = at.open(f"{SCOPE}/")
    for summary in ("Account of", "Environment:", "Project:"):
        page.locator("summary", has_text=summary).click()
        assert violations(page) == [], summary
        page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.get_by_role("option").first.wait_for()
    assert violations(page) == []
    at.complaints.clear()


def test_page_for_people_without_a_role_has_no_violation(tab: Open, furnished: Project) -> None:
    assert problems(tab(role=""), f"{SCOPE}/") == []
