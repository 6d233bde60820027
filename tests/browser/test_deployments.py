"""Deployments in a real browser: pages without a violation, on a phone too, and one that is followed and steered."""

from datetime import timedelta

import pytest

from apps.alerts import services as alerts
from apps.core import clock
from apps.core.models import Environment, Project
from apps.deployments.models import Analysis, Deployment
from tests.browser.conftest import Open
from tests.browser.test_a11y import problems_in_both_schemes
from tests.deployments.world import World, world
from tests.factories import make_flag, make_rule, push
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
    "comparison": {"canary": 0.05, "baseline": 0.001, "ratio": 50.0, "interval": [12.0, None]},
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
    Deployment.objects.filter(pk=row.pk).update(health_before={"requests": 12_000, "error_ratio": 0.001})
    for look in range(1, 4):
        Analysis.objects.create(
            deployment=row, position=0, look=look, verdict="BAD", words=LONG, findings=[FINDING], at=clock.now()
        )
    push(production, "errors", (world.at, 9), host="web-1")
    make_rule(production, at=world.at, name=LONG[:150])
    alerts.judge_due(at=world.at)
    row.refresh_from_db()
    return row


def test_no_page_of_a_deployment_has_a_violation(tab: Open, rolling: Deployment) -> None:
    at = tab()
    pages = [f"{SCOPE}/{rolling.pk}/{deed}" for deed in ("", "roll-back/", "skip/")]
    assert [problem for path in pages for problem in problems_in_both_schemes(at, path)] == []


def test_no_page_of_a_deployment_scrolls_sideways_on_a_phone(tab: Open, rolling: Deployment) -> None:
    at = tab(width=320)
    pages = [f"{SCOPE}/{rolling.pk}/{deed}" for deed in ("", "roll-back/", "skip/")]
    assert [path for path in pages if at.open(path).evaluate("document.documentElement.scrollWidth") > 320] == []
