"""A rollout plan in a real browser: started, watched and steered; with scripts, without, and by keyboard alone."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from apps.core import clock
from apps.core.models import Project
from apps.flags import services
from apps.flags.domain.rollouts.plans import Stage
from apps.flags.models import RolloutPlan
from tests.browser.conftest import Open
from tests.browser.test_a11y import problems_everywhere
from tests.browser.test_flags import press_tab_to
from tests.factories import make_flag, make_rollout, make_segment, say, state_in
from tests.factories.rollouts import FOUR_WEEKS, OTHER

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCOPE = "/admin/p/shop/production"
DARK = f"{SCOPE}/flags/dark/"
CHECKED = [Stage("Staff", ("internal",), 100_000, 60, True, 5_000), Stage("All", (), 100_000, 60)]
LONG = Stage("A stage with a name that somebody thought was a good idea " + "x" * 40, ("g" * 90,), 25_000, 60)


def test_a_plan_is_started_with_added_and_removed_stages(tab: Open, project: Project) -> None:
    make_flag(project=project, key="dark")
    for key in ("internal", "beta-testers"):
        make_segment(project=project, key=key)
    page = tab(role="Product").open(DARK)
    page.get_by_role("link", name="Start a rollout").click()
    expect(page.locator(".stage-row")).to_have_count(4)
    page.get_by_role("button", name="Remove stage 3").click()
    page.get_by_role("button", name="Add a stage").click()
    row = page.locator(".stage-row").last
    expect(row.get_by_label("Name")).to_be_focused()
    row.get_by_label("Name").fill("Forever")
    row.get_by_label("Per cent of them").fill("50")
    row.get_by_label("Lasts at least").fill("1")
    page.get_by_role("button", name="Review the rollout").click()
    page.get_by_role("link", name="Stage 5, Per cent of them: reaches nobody new").click()
    expect(row.get_by_label("Per cent of them")).to_be_focused()
    page.get_by_role("button", name="Remove stage 5").click()
    page.get_by_role("button", name="Review the rollout").click()
    page.get_by_label("Reason").fill("launch")
    page.get_by_role("button", name="Start the rollout in Production").click()
    expect(page.get_by_role("heading", name="State in Production: Stage 1 of 3, 10 % of internal")).to_be_visible()
    expect(page.get_by_role("list", name="Stages").get_by_role("listitem")).to_have_count(3)
    expect(page.locator("[aria-current=step]")).to_contain_text("goes on in 6 days")


def test_a_plan_is_paused_resumed_skipped_and_rolled_back(tab: Open, project: Project) -> None:
    plan = make_rollout(state_in(make_flag(project=project, key="dark")), at=clock.now())
    page = tab(role="Product").open(DARK)
    for link, button in (
        ("Pause", "Pause the rollout"),
        ("Resume", "Resume the rollout"),
        ("Skip to the next stage", "Skip to the next stage"),
    ):
        page.locator("#rollout-plan").get_by_role("link", name=link, exact=True).click()
        page.get_by_label("Reason").fill("because")
        page.get_by_role("button", name=button).click()
    expect(page.locator("[aria-current=step]")).to_contain_text("25 % of beta-testers")
    page.get_by_role("link", name="Roll back").click()
    page.get_by_role("button", name="Roll back in Production now").click()
    expect(page.get_by_role("heading", name="State in Production: Off")).to_be_visible()
    assert RolloutPlan.objects.get(pk=plan.pk).status == "ROLLED_BACK"


def test_everything_works_without_scripts(tab: Open, project: Project) -> None:
    make_flag(project=project, key="dark")
    page = tab(role="Product", scripts=False).open(f"{DARK}rollouts/new/?template=three-days")
    expect(page.locator(".stage-row")).to_have_count(8)  # three spare ones
    page.get_by_label("Per cent of them").first.fill("2")
    page.get_by_role("button", name="Update preview").click()
    expect(page.get_by_role("region", name="Sample users by stage and group")).to_contain_text("2 % of everyone")
    page.get_by_role("button", name="Review the rollout").click()
    page.get_by_label("Reason").fill("plain")
    page.get_by_role("button", name="Start the rollout in Production").click()
    expect(page.get_by_role("heading", name="State in Production: Stage 1 of 5, 2 % of everyone")).to_be_visible()


def test_an_approval_by_keyboard_alone(tab: Open, project: Project) -> None:
    plan = make_rollout(state_in(make_flag(project=project, key="dark")), stages=CHECKED, at=clock.now())
    page = tab(role="Product").open(DARK)
    press_tab_to(page, "Approve this stage")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What changes").wait_for()
    press_tab_to(page, "reason")
    page.keyboard.type("by keyboard")
    press_tab_to(page, "Approve this stage")
    page.keyboard.press("Enter")
    expect(page.locator("[aria-current=step]")).to_contain_text("approved by")
    assert plan.stages.get(position=0).approved_at is not None


@pytest.fixture
def furnished(project: Project) -> Project:
    """A plan in each condition that looks different."""
    now = clock.now()
    make_segment(project=project, key="internal", members=["user-0001"])
    dark = state_in(make_flag(project=project, key="dark"))
    say(dark.environment, "errors", at=now - timedelta(days=9))
    gone = make_rollout(dark, at=now - timedelta(days=9))
    services.roll_back_rollout(plan_id=gone.pk, actor=OTHER, reason="x", at=now)
    make_rollout(dark, at=now - timedelta(days=8), guards=["errors", "p95_slow"], position=1)
    make_rollout(state_in(make_flag(project=project, key="checked")), stages=CHECKED)
    make_rollout(state_in(make_flag(project=project, key="paused")), paused=True)
    make_rollout(state_in(make_flag(project=project, key="long")), stages=[LONG, *FOUR_WEEKS[1:]], guards=["e" * 90])
    make_flag(project=project, key="fresh")
    return project


def pages() -> list[str]:
    steered = RolloutPlan.objects.open().get(state__flag__key="dark").pk
    actions = ["pause", "resume", "skip", "approve", "roll-back", "take-over"]
    return [
        "",
        "rollouts/",
        "flags/",
        *(f"flags/{key}/" for key in ("dark", "checked", "paused", "long", "fresh")),
        "flags/fresh/rollouts/new/",
        "flags/fresh/rollouts/new/?template=three-days",
        "flags/dark/toggle/?to=off",
        *(f"flags/dark/rollouts/{steered}/{action}/" for action in actions),
    ]


def test_no_page_about_rollouts_has_a_violation_or_scrolls_sideways(tab: Open, furnished: Project) -> None:
    at = tab()
    assert [problem for path in pages() for problem in problems_everywhere(at, f"{SCOPE}/{path}")] == []


def test_a_plan_at_fault_and_its_review_have_no_violation(tab: Open, furnished: Project) -> None:
    at = tab()
    page = at.open(f"{SCOPE}/flags/fresh/rollouts/new/")
    page.get_by_label("Per cent of them").first.fill("0")
    page.get_by_role("button", name="Review the rollout").click()
    at.judge("Nothing is saved yet")
    page.get_by_label("Per cent of them").first.fill("5")
    page.get_by_role("button", name="Review the rollout").click()
    at.judge("What changes")
