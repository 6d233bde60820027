"""Every page about flags: no axe violation in either scheme, a quiet console, no sideways scrolling at 320 px."""

from typing import Any

import pytest

from apps.core import clock
from apps.core.models import Environment, Project
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagType, Override, Prerequisite
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.transitions import Change
from apps.flags.models import Flag
from tests.browser.conftest import Open
from tests.browser.test_a11y import problems, problems_everywhere
from tests.factories import ACTOR, AT, make_flag, make_key, make_project, make_segment, state_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCOPE = "/admin/p/shop/production"
THREE = (("a", "A"), ("b", "B"), ("c", "C"))
LONG = "aFlagWithAnExceedinglyLongKeyThatSomebodyOnceThoughtWasAGoodIdea-" + "x" * 30
WORD = "a" * 90  # no place to break it

PAGES = [
    "flags/",
    "flags/?status=rolling-out",
    "flags/?q=nothing",
    "flags/new/",
    "flags/checkot/",
    "flags/checkout/",
    "flags/checkout/?changed=2",
    "flags/search/",
    "flags/theme/",
    "flags/grouped/",
    "flags/own-rules/",
    "flags/locked/",
    f"flags/{LONG}/",
    "flags/checkout/edit/",
    "flags/checkout/rules/",
    "flags/own-rules/rules/",
    "flags/checkout/toggle/?to=on",
    "flags/theme/toggle/?to=on",
    "flags/grouped/toggle/?to=off",
    "flags/checkout/kill/",
    "flags/search/kill/",
    "flags/search/lift-kill/",
    "flags/checkout/versions/1/",
    "flags/checkout/versions/1/revert/",
    "flags/checkout/explain/",
    "flags/waiting/explain/?user=u-1",
    'flags/waiting/explain/?user=u-9&context={"groups": ["beta-testers"]}',
    "flags/checkout/explain/?user=u-1&at=2020-01-01T00:00:00",
    "flags/checkout/explain/?user=u-1&at=2999-01-01T00:00:00",
    "flags/waiting/",
    "flags/waiting/overrides/",
    "flags/waiting/prerequisites/",
    "flags/checkout/overrides/",
    "segments/",
    "segments/new/",
    "segments/beta-testers/",
    "segments/beta-testers/rule/",
    "segments/beta-testers/import/",
    f"flags/{WORD}/",
    f"flags/{WORD}/edit/",
    f"flags/{WORD}/kill/",
    f"segments/{WORD}/",
]


@pytest.fixture
def furnished(project: Project, settings: Any) -> Project:
    """A flag in each state that looks different."""
    settings.FEATURE_LOCKS = {"PULSEOPS_FEATURE_LOCKED": "off"}
    production = Environment.objects.get(project=project, key="production")
    make_key(environment=production, name="web")
    make_segment(project=project, key="beta-testers", members=[f"u-{n}" for n in range(30)])
    make_flag(project=project, key="checkout", rolling_out=True, tags=["shop", "q3"], client_exposed=True)
    make_flag(project=project, key="search", killed=True, description="Finds things. " * 10)
    make_flag(project=project, key="locked", on=True)
    make_flag(project=project, key="theme", type=FlagType.STRING, variants=THREE)
    make_flag(project=project, key=LONG)
    make_flag(project=project, key=WORD, rolling_out=True, tags=[WORD[:50]])
    make_segment(project=project, key=WORD, members=["u" * 190])
    serve(project, "grouped", {"segment": ["beta-testers"]})
    serve(project, "own-rules", {"attr": ["country"], "op": "in", "value": ["DE", "AT"]})
    wait(project)
    services.add_usage(counts={(production.pk, "checkout", "on"): 42}, at=clock.now())
    return project


def wait(project: Project) -> None:
    """A flag with overrides, one of them expired, a prerequisite, and a condition of every shape."""
    leaves = [
        {"segment": ["beta-testers", "all"]},
        {"attr": ["plan"], "op": "in", "value": ["a", "b", "c", "d", LONG]},
    ]
    when = {"any": [{"all": leaves}, {"none": leaves}, {"not": {"all": leaves}}]}
    serve(project, "waiting", when)
    change = Change(
        prerequisites=(Prerequisite("checkout", ("on", "off")), Prerequisite("theme", ("a", "c"))),
        overrides=(Override("on", ("u-1",), AT), Override("off", tuple(f"{LONG}-{n}" for n in range(12)))),
    )
    state = state_in(Flag.objects.get(key="waiting"))
    services.set_state(state_id=state.pk, change=change, actor=ACTOR, reason="x", at=AT, expected_version=None)


def serve(project: Project, key: str, when: dict[str, Any]) -> None:
    state = state_in(make_flag(project=project, key=key, on=True))
    rules = parse_rules([{"id": "r", "when": when, "serve": {"split": [["on", 25_000], ["off", 75_000]]}}])
    change = Change(rules=rules, default_variant="off")
    services.set_state(state_id=state.pk, change=change, actor=ACTOR, reason="x", at=AT, expected_version=None)


def test_no_page_about_flags_has_a_violation_or_scrolls_sideways(tab: Open, furnished: Project) -> None:
    at = tab()
    assert [problem for page in PAGES for problem in problems_everywhere(at, f"{SCOPE}/{page}")] == []


def test_what_viewers_see_has_no_violation(tab: Open, furnished: Project) -> None:
    at = tab(role="Viewer")
    for page in ("flags/", "flags/checkout/", "segments/beta-testers/", "flags/checkout/kill/"):
        assert problems(at, f"{SCOPE}/{page}") == []


def test_first_pages_of_an_empty_project_have_no_violation(tab: Open, project: Project) -> None:
    make_project(key="empty")
    at = tab()
    for page in ("flags/", "segments/"):
        assert problems(at, f"/admin/p/empty/production/{page}") == []


def test_forms_at_fault_and_reviews_have_no_violation(tab: Open, furnished: Project) -> None:
    at = tab()
    page = at.open(f"{SCOPE}/flags/new/")
    page.get_by_label("String").check()
    page.get_by_label("Value").first.fill("lonely")
    page.get_by_role("button", name="Create flag").click()
    at.judge("Nothing is saved yet")
    page = at.open(f"{SCOPE}/flags/checkout/toggle/?to=off")
    page.get_by_role("button", name="Turn off for everyone").click()
    at.judge("Nothing is saved yet")
    page = at.open(f"{SCOPE}/flags/checkout/")
    page.get_by_label("Per cent that get on").first.fill("40")
    page.get_by_label("User id").fill("u-42")
    at.judge("user u-42")
    page.get_by_role("button", name="Review change in Production").click()
    at.judge("What changes")
    page = at.open(f"{SCOPE}/flags/waiting/overrides/")
    page.get_by_label("Targeting keys").first.fill("u-7")
    page.get_by_label("Variant", exact=True).first.select_option("")
    page.get_by_role("button", name="Review change in Production").click()
    at.judge("Choose what these users get")
    page.get_by_label("Variant", exact=True).first.select_option("on")
    page.get_by_role("button", name="Review change in Production").click()
    at.judge("What changes")
    page = at.open(f"{SCOPE}/flags/waiting/prerequisites/")
    page.get_by_label("Flag").first.fill("gone")
    page.get_by_role("button", name="Review change in Production").click()
    at.judge("there is no flag")
    page = at.open(f"{SCOPE}/segments/beta-testers/")
    page.get_by_role("textbox", name="Members").fill("u-1\nu-new")
    page.get_by_role("button", name="Review members").click()
    at.judge("2 members afterwards")
