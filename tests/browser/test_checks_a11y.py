"""Pages about health checks: no axe violation in either scheme, a quiet console, no sideways scrolling at 320 px."""

from datetime import timedelta

import pytest

from apps.core import clock
from apps.core.models import Environment, Project
from apps.monitoring.models import HealthCheck, HealthDay, HealthResult
from tests.browser.conftest import Open
from tests.browser.test_a11y import problems_everywhere
from tests.factories import make_check, make_heartbeat

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CHECKS = "/admin/p/shop/production/checks/"
EMPTY = "/admin/p/shop/staging/checks/"
PAGES = [EMPTY, CHECKS, f"{CHECKS}new/", f"{CHECKS}web/", f"{CHECKS}web/edit/", f"{CHECKS}nightly/"]
LONG = "connection-refused-" + "x" * 60


@pytest.fixture
def furnished(project: Project) -> Project:
    """Checks in each state, one with all that its page can show."""
    production, now = Environment.objects.get(project=project, key="production"), clock.now()
    check = make_check(production, at=now - timedelta(hours=3), name="Shop " + "y" * 60)
    make_check(production, key="slow", name="Slow", paused=True)
    make_heartbeat(production)
    HealthCheck.objects.filter(pk=check.pk).update(settled="DOWN", last_ok=False, last_reason=LONG, last_at=now)
    for ago in range(60):
        down = {3: 40_000, 9: 86_400, 10: 60}.get(ago, 0)
        day = now.date() - timedelta(days=ago)
        HealthDay.objects.create(of=check, day=day, up_seconds=86_400 - down, down_seconds=down)
    HealthResult.objects.bulk_create(
        HealthResult(
            of=check, at=now - timedelta(minutes=n), ok=n > 2, reason=LONG, detail=LONG, latency_seconds=0.02 * (n % 7)
        )
        for n in range(90)
    )
    return project


def test_no_page_about_checks_has_a_violation_or_scrolls_sideways(tab: Open, furnished: Project) -> None:
    at = tab()
    assert [problem for path in PAGES for problem in problems_everywhere(at, path)] == []


def test_a_heartbeats_address_is_shown_without_a_violation(tab: Open, furnished: Project) -> None:
    at = tab(width=320)
    page = at.open(f"{CHECKS}new/")
    page.get_by_label("Key", exact=True).fill("weekly")
    page.get_by_label("Name", exact=True).fill("Weekly")
    page.get_by_label("Kind", exact=True).select_option("HEARTBEAT")
    page.get_by_label("Reason").fill("launch")
    page.get_by_role("button", name="Make the check").click()
    at.judge("period_seconds or cron")
    page.get_by_label("Configuration (JSON)").fill('{"period_seconds": 3600}')
    page.get_by_role("button", name="Make the check").click()
    at.judge("Copy the address now.")
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_a_check_is_paused_by_its_button(tab: Open, furnished: Project) -> None:
    page = tab().open(f"{CHECKS}web/")
    page.get_by_label("Reason").fill("moving")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").wait_for()
    page.get_by_label("Reason").fill("gone")
    page.get_by_role("button", name="Archive").click()
    page.wait_for_url(f"**{CHECKS}")
    assert not HealthCheck.objects.kept().filter(key="web").exists()
