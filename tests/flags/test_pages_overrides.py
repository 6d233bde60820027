"""Individual users: the section, the editor with its review, one user more, the expired ones gone."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.core.models import AuditEntry, Project
from apps.flags import services
from apps.flags.domain.engine.definitions import Override
from apps.flags.domain.engine.parsing import parse_overrides
from apps.flags.domain.transitions import Change
from apps.flags.models import FlagState
from tests.factories import ACTOR, AT, make_flag, state_in
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def state(project: Project) -> FlagState:
    return state_in(make_flag(project=project, key="dark", on=True))


def override(state: FlagState, *overrides: Override) -> None:
    change = Change(overrides=overrides)
    services.set_state(state_id=state.pk, change=change, actor=ACTOR, reason="why", at=AT, expected_version=None)


def rows(*given: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """(variant, targeting keys, expires at) of each row."""
    names = ("variant", "targeting_keys", "expires_at")
    fields = {
        f"overrides-{n}-{name}": value for n, row in enumerate(given) for name, value in zip(names, row, strict=True)
    }
    return {"overrides-TOTAL_FORMS": len(given), "overrides-INITIAL_FORMS": 0, "version": 2} | fields | more


def kept(state: FlagState) -> tuple[Override, ...]:
    return parse_overrides(FlagState.objects.get(pk=state.pk).overrides)


def soon() -> datetime:
    return clock.now().replace(microsecond=0) + HOUR


def test_the_section_teaches_when_there_are_none(state: FlagState, visitor: Visitor) -> None:
    page = visitor.get("flag-detail", key="dark")
    shows(page, "Individual users", "Give a tester or a support case their own variant", "Add a user")
    shows(page, f'name="override-user" value="{visitor.user.username}"')


def test_the_section_lists_who_gets_what_until_when(state: FlagState, visitor: Visitor) -> None:
    override(
        state,
        Override("off", ("ann", "bob"), clock.now() - HOUR),
        Override("on", ("cid",), clock.now() + timedelta(days=3, hours=1)),
        Override("on", tuple(f"u-{n}" for n in range(12))),
    )
    page = visitor.get("flag-detail", key="dark")
    shows(page, "ann", "expired", "1 hour ago", "in 3 days", "without an end", "12 users in all", "Remove 1 expired")
    assert "u-10<" not in text(page)


def test_a_viewer_sees_them_and_changes_nothing(state: FlagState, project: Project) -> None:
    override(state, Override("off", ("ann",), AT))
    viewer = Visitor(project, role="Viewer")
    page = viewer.get("flag-detail", key="dark")
    shows(page, "ann")
    assert "Remove 1 expired" not in text(page)
    assert "Edit overrides" not in text(page)
    assert viewer.post("flag-overrides", rows(confirmed="1"), key="dark").status_code == 403
    assert viewer.post("flag-overrides-expired", {"version": 2, "reason": "x"}, key="dark").status_code == 403


def test_the_editor_shows_what_is_there_and_spare_rows(state: FlagState, visitor: Visitor) -> None:
    end = soon()
    override(state, Override("off", ("ann", "bob"), end))
    page = visitor.get("flag-overrides", key="dark")
    shows(page, "ann\nbob".replace("\n", " "), f'value="{end:%Y-%m-%dT%H:%M:%S}"', 'value="off" selected')
    assert len(page.context["rows"].rows.forms) == 4


def test_rows_are_reviewed_and_then_saved(state: FlagState, visitor: Visitor) -> None:
    end = soon()
    sent = rows(("off", "ann\n bob \n\nann", f"{end:%Y-%m-%dT%H:%M:%S}"), ("on", "cid", ""), ("on", "", ""))
    review = visitor.post("flag-overrides", sent, key="dark")
    assert review.status_code == 200
    shows(review, f"off until {end:%Y-%m-%d %H:%M:%S} UTC: ann, bob; on without an end: cid", "Apply to Production")
    assert kept(state) == ()
    carried = dict(review.context["carried"])
    unexplained = visitor.post("flag-overrides", {**carried, "confirmed": "1", "version": 2}, key="dark")
    assert unexplained.status_code == 422
    done = visitor.post("flag-overrides", {**carried, "confirmed": "1", "version": 2, "reason": "testers"}, key="dark")
    assert done.url == visitor.url("flag-detail", "?changed=3", key="dark")
    assert kept(state) == (Override("off", ("ann", "bob"), end), Override("on", ("cid",)))
    assert AuditEntry.objects.filter(kind="flags.state_changed").latest("id").reason == "testers"


def test_a_review_names_only_whom_it_changes(state: FlagState, visitor: Visitor) -> None:
    override(state, Override("off", ("ann", "bob")))
    review = visitor.post("flag-overrides", rows(("off", "ann", ""), ("on", "bob", ""), version=3), key="dark")
    (users,) = review.context["differences"]
    assert (users.label, users.before, users.after) == (
        "Individual users",
        "off without an end: bob",
        "on without an end: bob",
    )


def test_keep_editing_brings_the_rows_back(state: FlagState, visitor: Visitor) -> None:
    page = visitor.post("flag-overrides", rows(("off", "ann", ""), confirmed="1", edit="1"), key="dark")
    assert page.status_code == 200
    shows(page, "ann", "Review change in Production")
    assert len(page.context["rows"].rows.forms) == 4


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([("", "ann", "")], "Override 1, Variant: Choose what these users get."),
        ([("on", "", ""), ("", "ann", "")], "Override 2, Variant: Choose what these users get."),
        ([("maybe", "ann", "")], "Override 1, Variant: Select a valid choice."),
        ([("on", "ann", "soon")], "Override 1, Expires at (UTC): Type a date and a time"),
        ([("on", "ann\n" + "x" * 201, "")], "Override 1, Targeting keys: Line 2: a targeting key has at most 200"),
        ([("on", "ann", ""), ("off", "bob\nann", "")], "Override 2, Targeting keys: &#x27;ann&#x27; is used twice"),
        ([("on", "\n".join(f"u-{n}" for n in range(1_001)), "")], "name 1,001 users; at most 1,000 are allowed"),
    ],
)
def test_what_is_wrong_is_told_at_its_row(
    state: FlagState, visitor: Visitor, given: list[tuple[str, str, str]], told: str
) -> None:
    page = visitor.post("flag-overrides", rows(*given), key="dark")
    assert page.status_code == 422
    shows(page, told)
    assert kept(state) == ()


def test_a_form_without_its_rows_is_told_so(state: FlagState, visitor: Visitor) -> None:
    assert visitor.post("flag-overrides", {"version": 2}, key="dark").status_code == 422


def test_somebody_was_faster(state: FlagState, visitor: Visitor) -> None:
    override(state, Override("off", ("zoe",)))
    review = visitor.post("flag-overrides", rows(("on", "ann", "")), key="dark")
    assert review.status_code == 409
    shows(review, "Somebody changed this flag while you were here.", "off without an end: zoe")


def test_one_user_is_added_to_those_who_are_there(state: FlagState, visitor: Visitor) -> None:
    override(state, Override("off", ("ann",)))
    before = clock.now().replace(microsecond=0)
    quick = {"override-user": "bob", "override-variant": "off", "override-lasts": "hour", "override-version": 3}
    review = visitor.post("flag-override-add", quick, key="dark")
    assert review.status_code == 200
    (users,) = review.context["differences"]
    assert users.before == ""
    assert users.after.startswith("off until")
    assert users.after.endswith("UTC: bob")
    sent = {**dict(review.context["carried"]), "confirmed": "1", "version": 3, "reason": "support case"}
    assert visitor.post("flag-overrides", sent, key="dark").status_code == 302
    ann, bob = kept(state)
    assert (ann, bob.targeting_keys) == (Override("off", ("ann",)), ("bob",))
    assert bob.expires_at is not None
    assert before + HOUR <= bob.expires_at <= clock.now() + HOUR


@pytest.mark.parametrize(("lasts", "hours"), [("hour", 1), ("day", 24), ("week", 168), ("never", None)])
def test_for_how_long(state: FlagState, visitor: Visitor, lasts: str, hours: int | None) -> None:
    quick = {"override-user": "bob", "override-variant": "off", "override-lasts": lasts, "override-version": 2}
    carried = dict(visitor.post("flag-override-add", quick, key="dark").context["carried"])
    end = carried["overrides-0-expires_at"]
    if hours is None:
        assert end == ""
    else:
        away = datetime.fromisoformat(f"{end}+00:00") - clock.now()
        assert timedelta(hours=hours) - timedelta(minutes=1) < away <= timedelta(hours=hours)


def test_adding_nobody_is_told_on_the_page(state: FlagState, visitor: Visitor) -> None:
    quick = {"override-user": " ", "override-variant": "off", "override-lasts": "day", "override-version": 2}
    page = visitor.post("flag-override-add", quick, key="dark")
    assert page.status_code == 422
    shows(page, "Targeting key: This field is required.", "Rollout")


def test_adding_on_an_old_page_is_told(state: FlagState, visitor: Visitor) -> None:
    override(state, Override("off", ("zoe",)))
    quick = {"override-user": "bob", "override-variant": "off", "override-lasts": "day", "override-version": 2}
    review = visitor.post("flag-override-add", quick, key="dark")
    assert review.status_code == 409
    assert [name for name, value in review.context["carried"] if value == "zoe"] == ["overrides-0-targeting_keys"]


def test_expired_ones_go_with_one_button(state: FlagState, visitor: Visitor) -> None:
    override(state, Override("off", ("ann",), AT), Override("on", ("bob",)))
    done = visitor.post("flag-overrides-expired", {"version": 3, "reason": "Expired overrides removed"}, key="dark")
    assert done.url == visitor.url("flag-detail", "?changed=4", key="dark")
    assert kept(state) == (Override("on", ("bob",)),)
    shows(visitor.client.get(done.url), "Undo", "Expired overrides removed")


@pytest.mark.parametrize(
    ("sent", "status"), [({"version": 1, "reason": "x"}, 409), ({"version": 2, "reason": "x"}, 409), ({}, 422)]
)
def test_removing_none_or_on_an_old_page_is_told(
    state: FlagState, visitor: Visitor, sent: dict[str, Any], status: int
) -> None:
    assert visitor.post("flag-overrides-expired", sent, key="dark").status_code == status


def test_a_killed_flag_keeps_its_overrides(project: Project, visitor: Visitor) -> None:
    state = state_in(make_flag(project=project, key="dead", killed=True))
    shows(visitor.get("flag-detail", key="dead"), "Lift the kill to change overrides.")
    sent = rows(("on", "ann", ""), confirmed="1", reason="x", version=3)
    refused = visitor.post("flag-overrides", sent, key="dead")
    assert refused.status_code == 409
    shows(refused, "This flag is killed.")
    assert kept(state) == ()


def test_rules_that_cannot_be_read_have_no_editor(state: FlagState, visitor: Visitor) -> None:
    FlagState.objects.filter(pk=state.pk).update(rules=[{"odd": 1}])
    detail = visitor.url("flag-detail", key="dark")
    assert visitor.get("flag-overrides", key="dark").url == detail
    assert visitor.post("flag-overrides", rows(), key="dark").url == detail
    assert visitor.post("flag-override-add", {}, key="dark").url == detail
    assert visitor.get("flag-detail", key="dark").status_code == 200


@pytest.mark.parametrize("name", ["flag-override-add", "flag-overrides-expired"])
def test_buttons_by_address_lead_to_the_flag(state: FlagState, visitor: Visitor, name: str) -> None:
    assert visitor.get(name, key="dark").url == visitor.url("flag-detail", key="dark")


def test_a_past_version_shows_who_had_what(state: FlagState, visitor: Visitor) -> None:
    override(state, Override("off", ("ann",)))
    page = visitor.get("flag-version", number=3, key="dark")
    shows(page, "Individual users", "off without an end: ann")
