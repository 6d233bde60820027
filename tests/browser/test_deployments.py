"""Deployments in a real browser: pages without a violation, on a phone too, and one that is followed and steered."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from apps.alerts import services as alerts
from apps.core import clock
from apps.core.audit import person
from apps.core.models import Environment, Project
from apps.deployments import services
from apps.deployments.models import Analysis, Deployment, GateReport, Rollback
from tests.browser.conftest import Open
from tests.browser.test_a11y import problems_everywhere
from tests.deployments.pages_to_walk import PAGES
from tests.deployments.world import World, world
from tests.factories import ACTOR, AT, ask_for_approvals, make_flag, make_rule, make_user, push
from tests.factories.deployments import make_deployment, make_target

__all__ = ["world"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCOPE = "/admin/p/shop/production/deployments"
LONG = "Something that somebody explained at length " + "x" * 90
STEPS = [
    {"weight": 5_000, "hold_seconds": 300},
    {"weight": 50_000, "hold_seconds": 300, "needs_approval": True},
    {"weight": 100_000, "analyse": False},
]
FINDING = {
    "metric": "errors",
    "action": "roll_back",
    "verdict": "bad",
    "reason": LONG,
    "canary": 0.05,
    "baseline": 0.001,
    "ratio": 50.0,
    "interval": [12.0, None],
}


@pytest.fixture
def rolling(project: Project, world: World) -> Deployment:
    """A canary at its first step, with all that its page can show."""
    production = Environment.objects.get(project=project, key="production")
    make_flag(project=project, key="checkout", on=True)
    world.at = clock.now()
    kept = {"repository_url": "https://github.com/acme/shop"}
    target = make_target(production, driver="CADDY", strategy="CANARY", steps=STEPS, guards=["errors"])
    type(target.service).objects.filter(pk=target.service_id).update(**kept)
    row = make_deployment(target, at=world.at - timedelta(minutes=40), number="1.1.0", reason=LONG)
    world.run(20)
    type(row.release).objects.filter(pk=row.release_id).update(flags=["checkout", "gone"], commit_message=LONG)
    Deployment.objects.filter(pk=row.pk).update(health_before={"requests": 12_000, "error_share": 0.001})
    for look in range(1, 4):
        Analysis.objects.create(
            deployment=row, position=0, look=look, verdict="BAD", words=LONG, findings=[FINDING], at=clock.now()
        )
    push(production, "errors", (world.at, 9), host="web-1")
    make_rule(production, at=world.at, name=LONG[:150])
    alerts.judge_due(at=world.at)
    row.refresh_from_db()
    return row


@pytest.fixture
def furnished(rolling: Deployment) -> list[str]:
    """Every page about deployments, with one of them in each state that looks different."""
    production = rolling.target.environment
    asked = make_deployment(make_target(production, key="asked"), number="2.0.0")
    gate = {"gate": "CALENDAR", "verdict": "WAITING", "reason": LONG, "opens_at": clock.now() + timedelta(days=1)}
    GateReport.objects.create(deployment=asked, changed_at=clock.now(), **gate)
    ask_for_approvals(production, 2)
    approved = make_deployment(asked.target, number="2.0.1")
    voter: dict[str, Any] = {"actor": person(make_user(role="Product")), "at": clock.now(), "comment": LONG}
    services.approve_deployment(deployment_id=approved.pk, **voter)
    back = make_deployment(make_target(production, key="back"), number="3.0.0")
    times = {"started_at": AT, "traffic_at": AT, "ended_at": clock.now(), "due_at": None}
    Deployment.objects.filter(pk=back.pk).update(state="ROLLED_BACK", task="NONE", words=LONG, **times)
    told = {"reason": LONG, "told": LONG, "target_seconds": 180, "asked_by_label": "deployments", "automatic": True}
    at = clock.now() - timedelta(minutes=9)
    Rollback.objects.create(
        deployment=back, method="SWITCH", status="DONE", asked_at=at, moved_at=at, watch_until=clock.now(), **told
    )
    elsewhere = Deployment.objects.filter(elsewhere=True)[0]
    one = [f"{SCOPE}/{row.pk}/" for row in (rolling, asked, approved, back, elsewhere)]
    deeds = [f"{SCOPE}/{rolling.pk}/{deed}/" for deed in ("roll-back", "skip", "gates/CALENDAR", "approve")]
    others = [f"/admin/p/shop/production/{page}" for page in PAGES]
    return [*one, *deeds, *others, f"{SCOPE}/{asked.pk}/cancel/"]


def test_no_page_about_deployments_has_a_violation(tab: Open, furnished: list[str]) -> None:
    at = tab()
    assert [problem for path in furnished for problem in problems_everywhere(at, path)] == []
    at.page.get_by_role("button", name="Cancel the deployment").click()
    at.judge("Nothing is saved yet.")


def test_the_page_follows_and_leads_back(tab: Open, rolling: Deployment, world: World) -> None:
    """Whoever types is left alone; what changes is said; back takes two presses."""
    GateReport.objects.update_or_create(
        deployment=rolling,
        gate="HOLDS",
        defaults={"verdict": "WAITING", "reason": "Held by errors.", "changed_at": world.at},
    )
    at = tab(role="Operator")
    page = at.open(f"{SCOPE}/{rolling.pk}/")
    page.route("**/progress/", lambda route: route.abort())
    expect(page.get_by_text("PulseOps does not answer, so what you see may be old.")).to_be_visible(timeout=20_000)
    page.unroute("**/progress/")
    expect(page.get_by_text("PulseOps does not answer, so what you see may be old.")).to_be_hidden()
    at.complaints.clear()  # the answers that were kept away
    page.get_by_text("Let it past: Incidents and guards").click()
    page.get_by_label("Reason", exact=True).fill("half a sent")
    services.skip_step(deployment_id=rolling.pk, actor=ACTOR, reason="on", at=clock.now(), expected_version=None)
    world.at = clock.now()
    world.run(3)
    expect(page.locator("#live-told")).to_contain_text("50 % on green")
    expect(page.get_by_role("list", name="Steps").locator("[aria-current=step]")).to_contain_text("50 %")
    expect(page.get_by_label("Reason", exact=True)).to_have_value("half a sent")
    expect(page.get_by_label("Reason", exact=True)).to_be_focused()
    page.get_by_role("link", name="Roll back").focus()
    services.pause_deployment(
        deployment_id=rolling.pk, actor=ACTOR, reason="odd", at=clock.now(), expected_version=None
    )
    expect(page.locator("#live-told")).to_have_text("Paused. odd")
    expect(page.get_by_role("heading", name="State: Paused")).to_be_visible()
    expect(page.get_by_role("link", name="Roll back")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Switch traffic back in Production now").click()
    expect(page.get_by_role("heading", name="State: Rolling back")).to_be_visible()
    world.at = clock.now()
    world.run(20)
    page.get_by_label("Comment (optional)").fill("all graphs are flat")
    page.get_by_role("button", name="I looked: it is well again").click()
    expect(page.get_by_text("looked: it is well again.")).to_be_visible()
    assert Rollback.objects.get().confirmed_at


def test_a_deployment_is_steered_without_scripts(tab: Open, rolling: Deployment) -> None:
    page = tab(role="Operator", scripts=False, width=320).open(f"{SCOPE}/{rolling.pk}/")
    page.get_by_role("link", name="Pause").click()
    page.get_by_role("button", name="Pause it here").click()
    expect(page.get_by_role("heading", name="State: Paused")).to_be_visible()
    page.get_by_role("link", name="Resume").click()
    page.get_by_label("Reason").fill("looked")
    page.get_by_role("button", name="Resume it").click()
    expect(page.get_by_role("heading", name="State: Rolling out")).to_be_visible()
