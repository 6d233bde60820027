"""The deploy calendar and its freezes in the browser. The usual days are the customer's own words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.core.models import Environment
from apps.deployments import services
from apps.deployments.models import FreezeWindow
from tests.factories import ACTOR, make_project
from tests.factories.deployments import make_target
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db
WEDNESDAY = datetime(2026, 12, 2, 11, 0, tzinfo=UTC)


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setattr(clock, "now", lambda: WEDNESDAY)
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def visitor(production: Environment) -> Visitor:
    return Visitor(production.project, role="Operator")


def typed(hours: float = 24, **fields: Any) -> dict[str, Any]:
    until = (WEDNESDAY + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")
    usual = {"name": "Black Friday", "reason": "Nobody touches the checkout", "starts_at": "", "ends_at": until}
    return usual | fields


def day(page: Any, date: str) -> str:
    """The row of this day."""
    return text(page).partition(date)[2].partition("</tr>")[0]


def test_two_weeks_show_when_deployments_start_and_why_not(visitor: Visitor) -> None:
    page = visitor.get("deployment-calendar")
    shows(page, "Open until Wednesday 2026-12-02 14:00 UTC.", "Wed 2026-12-02", "Tue 2026-12-15")
    assert "2026-12-16" not in text(page)
    thursday, friday, monday = (day(page, date) for date in ("2026-12-03", "2026-12-04", "2026-12-07"))
    assert 'aria-label="00:00–10:00 Closed, 10:00–14:00 Open, 14:00–24:00 Closed"' in thursday  # noqa: RUF001
    assert 'class="day-open" x="100.0" y="2" width="40.0"' in thursday  # 10/24 and 4/24 of 240
    assert "Friday afternoon, a fault would have to be mended at the weekend" in friday
    assert "Avoid (closed)" in friday
    assert "Monday morning" in monday


def test_a_freeze_is_made_shown_and_ended_early(
    production: Environment, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(visitor.get("deployment-calendar"), "None. During a freeze nothing starts")
    assert visitor.post("deployment-freeze-new", typed()).status_code == 302
    page = visitor.get("deployment-calendar")
    shows(page, "Frozen until Thursday 2026-12-03 11:00 UTC: Black Friday: Nobody touches the checkout.", "End early")
    assert "Frozen" in day(page, "2026-12-03")
    row = FreezeWindow.objects.get()
    assert row.environment == production
    monkeypatch.setattr(clock, "now", lambda: WEDNESDAY + timedelta(hours=1))
    shows(visitor.get("deployment-freeze-end", freeze=row.pk), "End the freeze now")
    assert visitor.post("deployment-freeze-end", {"version": 1, "reason": ""}, freeze=row.pk).status_code == 422
    done = visitor.post("deployment-freeze-end", {"version": 1, "reason": "Sold out"}, freeze=row.pk)
    assert done.status_code == 302
    shows(visitor.get("deployment-calendar"), "1 that is over", "Open until Wednesday")
    again = visitor.post("deployment-freeze-end", {"version": 2, "reason": "Again"}, freeze=row.pk)
    assert again.status_code == 409
    shows(again, "It is over already.")


def test_one_of_the_whole_project_shows_everywhere_and_one_to_come_is_taken_back(
    production: Environment, visitor: Visitor
) -> None:
    later = (WEDNESDAY + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    assert visitor.post("deployment-freeze-new", typed(everywhere="on", starts_at=later)).status_code == 302
    staging = Visitor(production.project, role="Operator", environment="staging")
    shows(staging.get("deployment-calendar"), "every environment", "To come", "Take back")
    row = FreezeWindow.objects.get()
    assert staging.post("deployment-freeze-end", {"version": 1, "reason": "No"}, freeze=row.pk).status_code == 302
    assert not FreezeWindow.objects.exists()


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (typed(-1), "Until (UTC): must be after its start, and in the future"),
        (typed(reason=""), "Say why, so that others understand this later."),
        (typed(name=""), "Name:"),
    ],
)
def test_a_freeze_at_fault_is_refused(visitor: Visitor, form: dict[str, Any], told: str) -> None:
    page = visitor.post("deployment-freeze-new", form)
    assert page.status_code == 422
    shows(page, told)


def test_a_service_has_days_of_its_own_or_asks_for_none(production: Environment, visitor: Visitor) -> None:
    make_target(production, open_gates=True)
    windows = {"windows": [{"weekdays": ["wednesday"], "from": "22:00", "to": "23:00", "zone": "UTC"}]}
    make_target(production, key="worker", windows=windows, open_gates=False)
    shows(visitor.get("deployment-calendar"), "Web does not ask for the calendar in Production")
    page = visitor.get("deployment-calendar", "?service=worker")
    shows(page, "Closed until Wednesday 2026-12-02 22:00 UTC: deployments start Wednesday 22:00 to 23:00 UTC.")
    assert "does not ask" not in text(page)


def test_viewers_read_it_and_freeze_nothing(production: Environment) -> None:
    services.create_freeze(
        project_id=production.project_id,
        environment_id=None,
        name="Holidays",
        reason="away",
        starts_at=WEDNESDAY,
        ends_at=WEDNESDAY + timedelta(days=1),
        actor=ACTOR,
        at=WEDNESDAY,
    )
    viewer = Visitor(production.project, role="Viewer")
    page = viewer.get("deployment-calendar")
    shows(page, "Holidays")
    assert "End early" not in text(page)
    assert viewer.post("deployment-freeze-new", typed()).status_code == 403
    freeze = FreezeWindow.objects.get().pk
    assert viewer.post("deployment-freeze-end", {"version": 1, "reason": "x"}, freeze=freeze).status_code == 403
