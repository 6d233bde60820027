"""What a flag waits for: the section, the editor with its review, and who is told before a flag goes off."""

from typing import Any

import pytest

from apps.core.models import Project
from apps.flags import selectors, services
from apps.flags.domain.engine.definitions import FlagStatus, FlagType, Prerequisite
from apps.flags.domain.engine.parsing import parse_prerequisites
from apps.flags.domain.transitions import Change
from apps.flags.models import FlagState
from tests.factories import ACTOR, AT, make_flag, state_in
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db


def change(state: FlagState, **parts: Any) -> None:
    services.set_state(
        state_id=state.pk, change=Change(**parts), actor=ACTOR, reason="why", at=AT, expected_version=None
    )


def flag(project: Project, key: str, *waits_for: str, **options: Any) -> FlagState:
    """On, and waiting for these flags to serve on."""
    state = state_in(make_flag(project=project, key=key, **{"on": True} | options))
    if waits_for:
        change(state, prerequisites=tuple(Prerequisite(other, ("on",)) for other in waits_for))
    return state


def rows(*given: tuple[str, str], **more: Any) -> dict[str, Any]:
    fields = {f"prerequisites-{n}-flag": key for n, (key, _) in enumerate(given)}
    fields |= {f"prerequisites-{n}-variants": variants for n, (_, variants) in enumerate(given)}
    return {"prerequisites-TOTAL_FORMS": len(given), "prerequisites-INITIAL_FORMS": 0, "version": 2} | fields | more


def kept(state: FlagState) -> tuple[Prerequisite, ...]:
    return parse_prerequisites(FlagState.objects.get(pk=state.pk).prerequisites)


def test_the_section_teaches_when_there_are_none(project: Project, visitor: Visitor) -> None:
    flag(project, "dark")
    shows(visitor.get("flag-detail", key="dark"), "Waits for", "A flag that builds on another one can wait")


@pytest.mark.parametrize(
    ("options", "pills"),
    [
        ({"on": True}, ["On", "met for everyone"]),
        ({"rolling_out": True, "on": False}, ["On for 25 %", "met for some users"]),
        ({"on": False}, ["Off", "met for nobody"]),
        ({"killed": True, "on": False}, ["Killed", "met for nobody"]),
    ],
)
def test_the_section_says_whether_it_is_met(
    project: Project, visitor: Visitor, options: dict[str, bool], pills: list[str]
) -> None:
    flag(project, "base", **options)
    flag(project, "dark", "base")
    page = visitor.get("flag-detail", key="dark")
    (wait,) = page.context["waits"]
    assert [wait.pill.text, wait.reach.text] == pills
    shows(page, "has to serve on:", *pills)
    base = visitor.get("flag-detail", key="base")
    shows(base, "1 flag waits for this one:", visitor.url("flag-detail", key="dark"))


def test_rows_are_reviewed_and_then_saved(project: Project, visitor: Visitor) -> None:
    flag(project, "base", on=False)
    theme = make_flag(project=project, key="theme", type=FlagType.STRING)
    assert theme.key == "theme"
    state = flag(project, "dark")
    review = visitor.post(
        "flag-prerequisites", rows(("base", "on"), ("theme", " red,, blue ,red"), ("", "")), key="dark"
    )
    assert review.status_code == 200
    shows(
        review,
        "base serves on; theme serves red or blue",
        "base has to serve on: met for nobody at present.",
        "theme has to serve red or blue: met for everyone at present.",
    )
    assert "sample users" not in text(review)
    sent = {**dict(review.context["carried"]), "confirmed": "1", "version": 2, "reason": "builds on it"}
    assert visitor.post("flag-prerequisites", sent, key="dark").status_code == 302
    assert kept(state) == (Prerequisite("base", ("on",)), Prerequisite("theme", ("red", "blue")))
    shows(visitor.get("flag-prerequisites", key="dark"), 'value="base"', 'value="red, blue"', '<option value="theme">')
    shows(visitor.get("flag-version", number=3, key="dark"), "Waits for", "theme serves red or blue")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([("gone", "on")], "Flag 1, Flag: there is no flag &#x27;gone&#x27;"),
        (
            [("base", "on"), ("other", "maybe")],
            "Flag 2, Has to serve: other has no variant &#x27;maybe&#x27;, only on, off",
        ),
        ([("dark", "on")], "Flag 1, Flag: a flag cannot wait for itself"),
        ([("base", "on"), ("base", "off")], "Flag 2, Flag: &#x27;base&#x27; is used twice"),
        ([("base", "on"), ("", "on")], "Flag 2, Flag: Name the flag to wait for."),
        ([("base", " , ")], "Flag 1, Has to serve: Name the variants that count, such as on."),
        ([("other", "on"), ("late", "on")], "Flag 2, Flag: would wait for each other in a circle: dark → late → dark"),
        ([(f"f-{n}", "on") for n in range(11)], "are 11; at most 10 are allowed"),
    ],
)
def test_what_is_wrong_is_told_at_its_row(
    project: Project, visitor: Visitor, given: list[tuple[str, str]], told: str
) -> None:
    flag(project, "base")
    flag(project, "other")
    state = flag(project, "dark")
    flag(project, "late", "dark")
    page = visitor.post("flag-prerequisites", rows(*given), key="dark")
    assert page.status_code == 422
    shows(page, told)
    assert kept(state) == ()


def test_a_row_of_flags_that_is_too_long_is_told_at_its_flag(project: Project, visitor: Visitor) -> None:
    flag(project, "f-1")
    for n in range(2, 11):
        flag(project, f"f-{n}", f"f-{n - 1}")
    flag(project, "short")
    flag(project, "dark")
    page = visitor.post("flag-prerequisites", rows(("short", "on"), ("f-10", "on")), key="dark")
    shows(page, "Flag 2, Flag: makes a row of 11 flags; at most 10 are allowed")
    assert visitor.post("flag-prerequisites", rows(("short", "on"), ("f-9", "on")), key="dark").status_code == 200


def test_a_row_that_stays_as_it_is_stays(project: Project, visitor: Visitor) -> None:
    flag(project, "base")
    flag(project, "other")
    state = flag(project, "dark", "base")
    sent = rows(("base", "on"), ("other", "on"), confirmed="1", version=3, reason="one more")
    assert visitor.post("flag-prerequisites", sent, key="dark").status_code == 302
    assert [one.flag for one in kept(state)] == ["base", "other"]


def test_who_closes_a_circle_meanwhile_is_told_after_the_review(project: Project, visitor: Visitor) -> None:
    flag(project, "base")
    state = flag(project, "dark")
    sent = dict(visitor.post("flag-prerequisites", rows(("base", "on")), key="dark").context["carried"])
    change(
        FlagState.objects.get(flag__key="base", environment=state.environment),
        prerequisites=(Prerequisite("dark", ("on",)),),
    )
    page = visitor.post("flag-prerequisites", {**sent, "confirmed": "1", "version": 2, "reason": "x"}, key="dark")
    assert page.status_code == 422
    shows(page, "dark → base → dark")
    assert kept(state) == ()


def test_who_is_held_back_directly_and_by_others(project: Project) -> None:
    base = flag(project, "base")
    flag(project, "direct", "base")
    flag(project, "indirect", "direct")
    flag(project, "unrelated")
    change(flag(project, "fine"), prerequisites=(Prerequisite("base", ("off", "on")),))
    change(flag(project, "switched-off", "base"), status=FlagStatus.OFF)
    flag(project, "behind-an-off-one", "switched-off")
    assert selectors.held_back(base) == ["direct", "indirect"]
    assert selectors.waiting_for(base) == ["direct", "fine", "switched-off"]
    assert selectors.held_back(state_in(base.flag, "staging")) == []


def test_kill_and_turning_off_say_who_waits_and_hinder_nobody(project: Project, visitor: Visitor) -> None:
    base = flag(project, "base")
    flag(project, "dark", "base")
    shows(visitor.get("flag-kill", key="base"), "1 flag waits for this one:", visitor.url("flag-detail", key="dark"))
    shows(visitor.get("flag-toggle", "?to=off", key="base"), "1 flag waits for this one:")
    assert "waits for this one" not in text(visitor.get("flag-toggle", "?to=on", key="base"))
    assert visitor.post("flag-kill", {"reason": ""}, key="base").status_code == 302
    assert FlagState.objects.get(pk=base.pk).status == "KILLED"


def test_a_viewer_may_look_and_not_edit(project: Project) -> None:
    flag(project, "base")
    flag(project, "dark", "base")
    viewer = Visitor(project, role="Viewer")
    page = viewer.get("flag-detail", key="dark")
    shows(page, "has to serve on:")
    assert "Edit prerequisites" not in text(page)
    assert viewer.get("flag-prerequisites", key="dark").status_code == 403
