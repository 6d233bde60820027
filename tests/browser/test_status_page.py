"""The public status page in a real browser: accessible in both schemes, narrow, and whole without a script."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from apps.alerts.live.status_pages import status_pages
from apps.core import clock
from apps.core.models import Project
from tests.browser.axe import violations
from tests.browser.conftest import Open
from tests.browser.test_a11y import problems_everywhere
from tests.factories import make_check
from tests.factories.status import make_component, make_public_incident, make_status_page, say_publicly

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "/status/shop/"
WORD = "Antidisestablishmentarianism" * 4


@pytest.fixture
def furnished(project: Project) -> None:
    """One component of each state, an open incident, and one that is over."""
    now = clock.now()
    production = project.environments.get(key="production")
    make_status_page(production, text="How the shop is.", at=now)
    make_check(production, at=now)
    web = make_component(production, checks=["web"], description="Where you buy", at=now)
    make_component(production, key="mail", at=now)
    for state in ("MAINTENANCE", "DEGRADED", "PARTIAL_OUTAGE"):
        make_component(production, key=state.lower().replace("_", "-"), state=state, at=now)
    make_component(production, key="long", name=WORD[:100], at=now)
    incident = make_public_incident(production, web, at=now - timedelta(hours=3), title=f"Checkout fails {WORD}")
    say_publicly(incident, "We see it and work on it.", at=now - timedelta(hours=2))
    day = timedelta(days=1)
    over = make_public_incident(
        production, web, at=now - 4 * day, resolved_at=now - 3 * day, title="Slow", impact="DEGRADED"
    )
    say_publicly(over, "Disks were slow.", at=now - 4 * day, impact="DEGRADED")
    status_pages.refresh({"topic": "status"})


def test_it_is_accessible_narrow_and_needs_no_script(tab: Open, furnished: None) -> None:
    assert problems_everywhere(tab(role=None), PAGE) == []
    narrow = tab(role=None, width=320, scheme="dark")
    page = narrow.open(PAGE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    narrow.check()
    assert violations(page) == []
    narrow.complaints.clear()
    plain = tab(role=None, scripts=False)
    page = plain.open(PAGE)
    assert page.get_by_role("heading", name="There is a major outage").is_visible()
    assert page.context.cookies() == []


def test_its_style_sheet_is_small() -> None:
    assert (Path(settings.BASE_DIR) / "static" / "pulseops" / "status.css").stat().st_size < 5_000
