"""A flag's last days in a real browser: stale, archived, restored; its charts and their tables."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from apps.core import clock
from apps.core.models import Environment, Project
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagType
from apps.flags.models import Flag
from tests.browser.conftest import Open
from tests.browser.test_a11y import problems_everywhere
from tests.factories import make_flag

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCOPE = "/admin/p/shop/production"
SIX = tuple((f"variant-{n}", n) for n in range(6))
PAGES = [
    "",
    "flags/",
    "flags/?status=stale",
    "flags/?status=archived",
    "flags/busy/",
    "flags/old/",
    "flags/gone/",
    "flags/many/",
    "flags/busy/archive/",
    "flags/gone/archive/",
    "flags/gone/restore/",
    "flags/busy/restore/",
    "flags/busy/edit/",
]


@pytest.fixture
def furnished(project: Project) -> Project:
    """A flag for each stage, and usage for a month."""
    production = Environment.objects.get(project=project, key="production")
    make_flag(project=project, key="busy", rolling_out=True)
    make_flag(project=project, key="many", type=FlagType.INTEGER, variants=SIX)
    make_flag(project=project, key="old", on=True, expected_end=(clock.now() - timedelta(days=2)).date())
    make_flag(project=project, key="gone", on=True, archived=True)
    for hours in range(0, 700, 3):
        at = clock.now() - timedelta(hours=hours)
        counts: dict[Any, int] = {(production.pk, "busy", "on"): 40 + hours % 37, (production.pk, "busy", "off"): 90}
        counts |= {(production.pk, "many", key): 10 + value * hours % 13 for key, value in SIX}
        services.add_usage(counts=counts, at=at)
    return project


def test_a_stale_flag_is_archived_with_a_reason_and_restored(tab: Open, furnished: Project) -> None:
    page = tab(role="Product").open(f"{SCOPE}/")
    page.get_by_role("link", name="1 flag looks stale").click()
    expect(page.get_by_text("Never evaluated in")).to_be_visible()
    page.get_by_role("link", name="Archive old").click()
    expect(page.get_by_role("row", name="Production 0 never")).to_be_visible()
    page.get_by_label("Reason").fill("its code is gone")
    page.get_by_role("button", name="Archive in every environment").click()
    expect(page.get_by_text("each uses its code default")).to_be_visible()
    assert Flag.objects.get(key="old").archived_at is not None
    page.get_by_role("link", name="Restore flag").click()
    page.get_by_label("Reason").fill("too early")
    page.get_by_role("button", name="Restore in every environment").click()
    expect(page.get_by_role("heading", name="State in Production: On")).to_be_visible()
    assert Flag.objects.get(key="old").archived_at is None


def test_the_chart_is_a_table_as_well_by_keyboard(tab: Open, furnished: Project) -> None:
    page = tab(role="Viewer").open(f"{SCOPE}/flags/busy/")
    expect(page.get_by_role("img", name="evaluations in the last 24 hours")).to_be_visible()
    summary = page.get_by_text("The chart as a table: Last 24 hours")
    summary.focus()
    page.keyboard.press("Enter")
    table = page.get_by_role("table", name="evaluations in the last 24 hours")
    expect(table.get_by_role("columnheader")).to_have_text(["Hour (UTC)", "on", "off"])
    expect(table.get_by_role("row")).to_have_count(25)


def test_no_page_of_a_flags_life_has_a_violation_or_scrolls_sideways(tab: Open, furnished: Project) -> None:
    at = tab()
    paths = [f"{SCOPE}/{path}" for path in PAGES]
    assert [problem for path in paths for problem in problems_everywhere(at, path, unfolded=True)] == []
