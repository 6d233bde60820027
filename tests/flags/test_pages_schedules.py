"""Scheduling from the reviews, and what the flag's page says about what is yet to come."""

from datetime import timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.core.models import ChangeRequest, Project
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.transitions import Change
from apps.flags.models import FlagState, ScheduledChange
from tests.factories import ACTOR, AT, LATER, ask_for_approvals, make_flag, make_schedule, state_in
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db


def again(state: FlagState) -> FlagState:
    return FlagState.objects.get(pk=state.pk)


def soon(hours: int = 1) -> str:
    """As the browser's field sends it, in UTC."""
    return f"{clock.now() + timedelta(hours=hours):%Y-%m-%dT%H:%M}"


def somebody_sets(state: FlagState, change: Change) -> None:
    services.set_state(state_id=state.pk, change=change, actor=ACTOR, reason="meanwhile", at=AT, expected_version=None)


def test_a_review_offers_a_time_in_utc(state: FlagState, visitor: Visitor) -> None:
    shows(
        visitor.get("flag-toggle", "?to=on", key="dark"),
        "At a set time instead",
        "Time (UTC)",
        'type="datetime-local"',
        "Schedule the change",
    )


def test_a_toggle_with_a_time_waits_for_it(state: FlagState, visitor: Visitor) -> None:
    sent = {"version": 1, "reason": "launch", "apply_at": soon(), "later": "1"}
    answer = visitor.post("flag-toggle", sent, "?to=on", key="dark")
    assert answer.url == visitor.url("flag-detail", key="dark")
    row = ScheduledChange.objects.get()
    assert (again(state).version, row.patch["status"], row.author_label) == (1, "ON", visitor.user.username)
    assert f"{row.apply_at:%Y-%m-%dT%H:%M}" == sent["apply_at"]
    shows(
        visitor.client.get(answer.url),
        "Yet to come",
        "Scheduled",
        f"{row.apply_at:%Y-%m-%d %H:%M} UTC",
        "launch",
        "Cancel the schedule",
    )


def test_a_time_counts_whichever_button_was_pressed(state: FlagState, visitor: Visitor) -> None:
    visitor.post("flag-toggle", {"version": 1, "reason": "launch", "apply_at": soon()}, "?to=on", key="dark")
    assert (again(state).status, ScheduledChange.objects.count()) == ("OFF", 1)


@pytest.mark.parametrize(
    ("apply_at", "said"),
    [("", "Choose the time"), ("soon", "Enter a valid date/time."), ("2001-01-01T09:00", "This time has passed.")],
)
def test_without_a_time_to_come_nothing_is_done(state: FlagState, visitor: Visitor, apply_at: str, said: str) -> None:
    sent = {"version": 1, "reason": "launch", "apply_at": apply_at, "later": "1"}
    answer = visitor.post("flag-toggle", sent, "?to=on", key="dark")
    assert answer.status_code == 422
    shows(answer, said, "launch", '<details class="later" open>')
    assert (again(state).version, ScheduledChange.objects.count()) == (1, 0)


def test_a_rollout_is_scheduled_from_its_review(state: FlagState, visitor: Visitor) -> None:
    sent = {"version": 1, "who": "everyone", "share": "25", "others": "off", "turn_on": "on", "confirmed": "1"}
    visitor.post("flag-rollout", {**sent, "reason": "slowly", "apply_at": soon(), "later": "1"}, key="dark")
    assert set(ScheduledChange.objects.get().patch) == {"status", "rules", "default_variant"}
    shows(visitor.get("flag-detail", key="dark"), "Everyone: 25 % on, 75 % off")


def test_a_revert_is_scheduled_as_the_change_it_makes(project: Project, visitor: Visitor) -> None:
    state = state_in(make_flag(project=project, key="light", rolling_out=True))
    sent = {"version": 2, "reason": "back at five", "apply_at": soon(), "later": "1"}
    visitor.post("flag-revert", sent, key="light", number=1)
    assert ScheduledChange.objects.get().patch == {"status": "OFF", "rules": []}
    services.apply_due_changes(at=clock.now() + timedelta(hours=2))
    assert (again(state).status, again(state).rules) == ("OFF", [])


def test_where_approval_is_needed_the_schedule_is_asked_for(state: FlagState) -> None:
    ask_for_approvals(state.environment)
    visitor = Visitor(state.flag.project)
    shows(visitor.get("flag-toggle", "?to=on", key="dark"), "Request approval of the schedule")
    sent = {"version": 1, "reason": "launch", "apply_at": soon(), "later": "1", "propose": "1"}
    assert visitor.post("flag-toggle", sent, "?to=on", key="dark").status_code == 302
    request = ChangeRequest.objects.get()
    assert (request.kind, request.patch["change"]["status"]) == ("flags.schedule", "ON")
    assert not ScheduledChange.objects.exists()


def test_cancelling_is_one_post(state: FlagState, visitor: Visitor) -> None:
    row = make_schedule(state, apply_at=clock.now() + timedelta(hours=1))
    answer = visitor.get("flag-schedule-cancel", key="dark", id=row.pk)
    assert answer.status_code == 302
    assert ScheduledChange.objects.get().status == "PENDING"
    for _twice in range(2):
        assert visitor.post("flag-schedule-cancel", {}, key="dark", id=row.pk).status_code == 302
    assert ScheduledChange.objects.get().status == "CANCELLED"
    assert "Yet to come" not in text(visitor.get("flag-detail", key="dark"))


def test_a_schedule_that_was_overtaken_says_so_before_its_time(state: FlagState, visitor: Visitor) -> None:
    row = make_schedule(state, apply_at=clock.now() + timedelta(hours=1))
    somebody_sets(state, Change(default_variant="off"))
    shows(
        visitor.get("flag-detail", key="dark"),
        "Conflict",
        "Will not be applied: the flag was changed since.",
        "meanwhile",
        visitor.url("flag-schedule-again", key="dark", id=row.pk),
    )


def test_a_conflict_shows_both_and_can_be_scheduled_again(state: FlagState, visitor: Visitor) -> None:
    row = make_schedule(state, reason="launch day")
    somebody_sets(state, Change(off_variant="on"))
    services.apply_due_changes(at=LATER)
    shows(
        visitor.get("flag-detail", key="dark"),
        "Not applied.",
        "tests changed the flag first: this stands on version 1, the flag is at version 2.",
        "Served when off",
        "Schedule again on top of the present version",
        "Dismiss the conflict",
    )
    page = visitor.get("flag-schedule-again", key="dark", id=row.pk)
    shows(page, "on top of version 1", "version 2, which is served now", "launch day", 'name="version" value="2"')
    sent = {"version": 2, "reason": "launch day", "apply_at": soon(), "later": "1"}
    assert visitor.post("flag-schedule-again", sent, key="dark", id=row.pk).status_code == 302
    new = ScheduledChange.objects.latest("id")
    assert (new.base_version, new.patch, new.status) == (2, row.patch, "PENDING")
    visitor.post("flag-schedule-cancel", {}, key="dark", id=row.pk)
    services.apply_due_changes(at=clock.now() + timedelta(hours=2))
    assert (again(state).status, again(state).off_variant) == ("ON", "on")


def test_a_conflict_can_be_applied_now(state: FlagState, visitor: Visitor) -> None:
    row = make_schedule(state)
    somebody_sets(state, Change(off_variant="on"))
    services.apply_due_changes(at=LATER)
    visitor.post("flag-schedule-again", {"version": 2, "reason": "now then"}, key="dark", id=row.pk)
    assert again(state).status == "ON"


def test_another_flags_schedule_is_not_found(state: FlagState, visitor: Visitor) -> None:
    make_flag(project=state.flag.project, key="other")
    row = make_schedule(state)
    for name in ("flag-schedule-again", "flag-schedule-cancel"):
        answer: Any = visitor.post(name, {"version": 1, "reason": "x"}, key="other", id=row.pk)
        assert answer.status_code == 404
    assert ScheduledChange.objects.get().status == "PENDING"


def test_viewers_see_schedules_and_touch_none(state: FlagState) -> None:
    row, viewer = make_schedule(state), Visitor(state.flag.project, role="Viewer")
    page = viewer.get("flag-detail", key="dark")
    shows(page, "Yet to come", "Scheduled")
    assert "Cancel the schedule" not in text(page)
    for name in ("flag-schedule-again", "flag-schedule-cancel"):
        assert viewer.post(name, {"version": 1, "reason": "x"}, key="dark", id=row.pk).status_code == 403


def test_on_and_off_can_both_be_scheduled_from_the_page(state: FlagState, visitor: Visitor) -> None:
    make_schedule(state, apply_at=clock.now() + timedelta(hours=1))
    shows(visitor.get("flag-detail", key="dark"), "Schedule another change:", "?to=off")
    sent = {"version": 1, "reason": "off at five", "apply_at": soon(9), "later": "1"}
    assert visitor.post("flag-toggle", sent, "?to=off", key="dark").status_code == 302
    for hours, status in ((2, "ON"), (10, "OFF")):
        services.apply_due_changes(at=clock.now() + timedelta(hours=hours))
        assert again(state).status == status


def test_the_page_asks_the_database_no_more_often_for_many_requests(
    state: FlagState, visitor: Visitor, django_assert_max_num_queries: Any
) -> None:
    for hour in range(1, 6):
        make_schedule(state, apply_at=AT + timedelta(hours=hour), status=FlagStatus.ON)
    visitor.get("flag-detail", key="dark")
    with django_assert_max_num_queries(45):
        visitor.get("flag-detail", key="dark")
