"""The list of flags: what it shows, narrows and asks of the database."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import clock
from apps.core.models import Project
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagType
from apps.flags.services import FlagFields
from tests.factories import make_flag
from tests.factories.core import ACTOR, AT
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db


def keys(response: Any) -> list[str]:
    return [row.flag.key for row in response.context["rows"]]


def test_each_environment_has_a_column_with_the_state_in_words(project: Project) -> None:
    make_flag(project=project, key="checkout", rolling_out=True)
    page = Visitor(project).get("flag-list")
    assert page.status_code == 200
    shows(page, "checkout", "Development", "Staging", "Production", "On for 25 %", "Off")


@pytest.mark.parametrize(("state", "words"), [({"on": True}, ">On<"), ({"killed": True}, ">Killed<"), ({}, ">Off<")])
def test_a_state_is_a_pill(project: Project, state: dict[str, Any], words: str) -> None:
    make_flag(project=project, **state)
    shows(Visitor(project).get("flag-list"), words)


def test_a_flag_locked_by_a_variable_says_so(project: Project, settings: Any) -> None:
    settings.FEATURE_LOCKS = {"PULSEOPS_FEATURE_CHECKOUT": "off"}
    make_flag(project=project, key="checkout", on=True)
    shows(Visitor(project).get("flag-list"), "Locked: off")


def test_a_row_says_who_changed_it_and_when(project: Project) -> None:
    make_flag(project=project, on=True)
    shows(Visitor(project).get("flag-list"), ACTOR.label, '<time datetime="2026-01-05T09:00:00+00:00"')


def test_evaluations_of_the_last_day_are_those_of_this_environment(project: Project) -> None:
    flag = make_flag(project=project)
    production, staging = (project.environments.get(key=key) for key in ("production", "staging"))
    now = clock.now()
    services.add_usage(counts={(production.pk, flag.key, "on"): 1_234}, at=now)
    services.add_usage(counts={(production.pk, flag.key, "on"): 50_000}, at=now - timedelta(days=2))
    services.add_usage(counts={(staging.pk, flag.key, "on"): 77}, at=now)
    shows(Visitor(project).get("flag-list"), "1,234 <svg")
    shows(Visitor(project, environment="staging").get("flag-list"), ">77 <svg")


@pytest.mark.parametrize(
    ("tab", "expected"),
    [
        ("", ["killed", "off", "on", "ramp"]),
        ("on", ["on"]),
        ("rolling-out", ["ramp"]),
        ("off", ["off"]),
        ("killed", ["killed"]),
        ("nonsense", ["killed", "off", "on", "ramp"]),
    ],
)
def test_tabs_part_the_flags_by_their_state_here(project: Project, tab: str, expected: list[str]) -> None:
    make_flag(project=project, key="on", on=True)
    make_flag(project=project, key="ramp", rolling_out=True)
    make_flag(project=project, key="off")
    make_flag(project=project, key="killed", killed=True)
    page = Visitor(project).get("flag-list", f"?status={tab}")
    assert keys(page) == expected
    counts = {tab["name"]: tab["count"] for tab in page.context["tabs"]}
    assert counts == {"all": 4, "on": 1, "rolling-out": 1, "off": 1, "killed": 1, "stale": 3, "archived": 0}


def test_in_another_environment_the_tabs_count_what_is_there(project: Project) -> None:
    make_flag(project=project, on=True)
    page = Visitor(project, environment="staging").get("flag-list", "?status=off")
    assert len(keys(page)) == 1


def test_search_and_tag_narrow_together_and_stay_in_the_address(project: Project) -> None:
    make_flag(project=project, key="checkout-a", tags=["shop"])
    make_flag(project=project, key="checkout-b")
    make_flag(project=project, key="profile", tags=["shop"])
    page = Visitor(project).get("flag-list", "?q=CHECK&tag=shop")
    assert keys(page) == ["checkout-a"]
    shows(page, "?q=CHECK&amp;tag=shop&amp;status=on")


def test_nothing_found_offers_the_way_back(project: Project) -> None:
    make_flag(project=project)
    shows(Visitor(project).get("flag-list", "?q=nothing-like-it"), "No flag matches", "Show all flags")


def test_an_empty_project_teaches_the_first_flag(project: Project) -> None:
    shows(Visitor(project).get("flag-list"), "Create the first flag")
    assert "Create the first flag" not in text(Visitor(project, role="Viewer").get("flag-list"))


def test_flags_of_other_projects_stay_out(project: Project) -> None:
    make_flag(key="foreign")
    make_flag(project=project, key="own")
    assert keys(Visitor(project).get("flag-list")) == ["own"]


def test_long_lists_have_pages(project: Project) -> None:
    for number in range(26):
        create(project, f"flag-{number:02}")
    visitor = Visitor(project)
    first, second = visitor.get("flag-list"), visitor.get("flag-list", "?page=2")
    assert (len(keys(first)), keys(second)) == (25, ["flag-25"])
    shows(first, "Page 1 of 2")
    assert keys(visitor.get("flag-list", "?page=99")) == ["flag-25"]


def test_fifty_flags_cost_as_many_queries_as_one(project: Project) -> None:
    visitor = Visitor(project)
    create(project, "first")
    visitor.get("flag-list")
    counts = []
    for more in (0, 49):
        for number in range(more):
            create(project, f"flag-{number:02}")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert visitor.get("flag-list").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_turning_off_leads_to_a_page_that_asks_first_and_a_kill_asks_nothing(project: Project) -> None:
    make_flag(project=project, key="dark", on=True)
    visitor = Visitor(project)
    shows(
        visitor.get("flag-list"),
        visitor.url("flag-toggle", "?to=off", key="dark"),
        f'<form method="post" action="{visitor.url("flag-kill", key="dark")}"',
        'name="reason" value="Something looks wrong; off for everyone while we check."',
    )


def test_a_viewer_sees_states_and_no_actions(project: Project) -> None:
    make_flag(project=project, on=True)
    page = text(Visitor(project, role="Viewer").get("flag-list"))
    assert "Turn off" not in page
    assert "Kill" not in page.replace("Killed", "")
    assert "New flag" not in page


def create(project: Project, key: str) -> None:
    fields = FlagFields(key=key, name=key, type=FlagType.BOOLEAN, tags=("t",))
    services.create_flag(project_id=project.pk, fields=fields, actor=ACTOR, at=AT)
