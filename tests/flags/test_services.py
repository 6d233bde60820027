"""What the flags' services keep, refuse and publish, on a real database."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.core.models import AuditEntry
from apps.core.services import ReasonMissing, StaleVersion
from apps.flags import selectors, services
from apps.flags.domain.engine.definitions import FlagStatus, FlagType
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.members import UnreadableMembers
from apps.flags.domain.transitions import Change, FlagIsKilled, FlagIsNotKilled, NothingToChange
from apps.flags.models import FlagState, FlagStateVersion, FlagUsage, Ruleset
from apps.flags.services import FlagFields, InvalidFlag
from tests.factories import ACTOR, AT, make_flag, make_project, make_segment, split_rule, state_in

pytestmark = pytest.mark.django_db
ON = Change(status=FlagStatus.ON)


def set_state(state: FlagState, change: Change, *, version: int | None = None, reason: str = "why") -> FlagState:
    return services.set_state(
        state_id=state.pk, change=change, actor=ACTOR, reason=reason, at=AT, expected_version=version
    )


def test_new_flag_is_off_everywhere() -> None:
    flag = make_flag()
    assert set(flag.states.values_list("environment__key", "status")) == {
        ("development", "OFF"),
        ("staging", "OFF"),
        ("production", "OFF"),
    }


def test_boolean_flag_gets_its_two_variants() -> None:
    project = make_project()
    fields = FlagFields(key="simple", name="Simple", type=FlagType.BOOLEAN)
    flag = services.create_flag(project_id=project.pk, fields=fields, actor=ACTOR, at=AT)
    assert list(flag.variants.order_by("position").values_list("key", "value")) == [("on", True), ("off", False)]


@pytest.mark.parametrize(
    ("type", "value"),
    [
        (FlagType.BOOLEAN, 1),
        (FlagType.STRING, 1),
        (FlagType.INTEGER, True),
        (FlagType.INTEGER, 1.5),
        (FlagType.FLOAT, "1"),
        (FlagType.OBJECT, [1]),
    ],
)
def test_value_of_another_type_is_refused_and_nothing_is_kept(type: FlagType, value: object) -> None:
    project = make_project()
    fields = FlagFields(key="wrong", name="Wrong", type=type, variants=[("a", value)])
    with pytest.raises(InvalidFlag) as caught:
        services.create_flag(project_id=project.pk, fields=fields, actor=ACTOR, at=AT)
    assert any("variants" in path for path in caught.value.message_dict)
    assert selectors.flag_in(project, "wrong") is None


def test_key_is_taken_once_in_a_project_and_free_in_another() -> None:
    flag = make_flag(key="checkout")
    make_flag(key="checkout")
    with pytest.raises(ValidationError):
        make_flag(key="checkout", project=flag.project)


def test_every_change_moves_state_and_ruleset_versions() -> None:
    state = state_in(make_flag())
    before = Ruleset.objects.get(pk=state.environment_id).version
    changed = set_state(state, ON, version=1)
    assert (changed.status, changed.version) == ("ON", 2)
    assert Ruleset.objects.get(pk=state.environment_id).version == before + 1


def test_other_environments_are_left_alone() -> None:
    flag = make_flag(on=True)
    assert state_in(flag, "staging").status == "OFF"


def test_toggling_twice_is_refused_and_leaves_one_entry() -> None:
    state = state_in(make_flag())
    set_state(state, ON)
    with pytest.raises(NothingToChange):
        set_state(state, ON)
    assert AuditEntry.objects.filter(kind="flags.state_changed").count() == 1


def test_stale_form_is_refused() -> None:
    state = state_in(make_flag())
    set_state(state, ON, version=1)
    with pytest.raises(StaleVersion):
        set_state(state, Change(status=FlagStatus.OFF), version=1)
    state.refresh_from_db()
    assert state.status == "ON"


@pytest.mark.parametrize(("environment", "needs_reason"), [("production", True), ("staging", False)])
def test_protected_environment_asks_why(environment: str, needs_reason: bool) -> None:
    state = state_in(make_flag(), environment)
    if needs_reason:
        with pytest.raises(ReasonMissing):
            set_state(state, ON, reason="  ")
    else:
        assert set_state(state, ON, reason="").status == "ON"


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (split_rule(on=25, off=65), "10 %"),
        (split_rule(on=50, maybe=50), "maybe"),
    ],
)
def test_split_that_cannot_be_served_is_refused(rules: list[dict[str, object]], said: str) -> None:
    state = state_in(make_flag())
    with pytest.raises(InvalidFlag) as caught:
        set_state(state, Change(status=FlagStatus.ON, rules=parse_rules(rules)))
    assert said in str(caught.value.message_dict)
    state.refresh_from_db()
    assert (state.status, state.version) == ("OFF", 1)


def test_kill_needs_no_version_and_keeps_the_rules() -> None:
    state = state_in(make_flag(rolling_out=True))
    killed = services.kill(state_id=state.pk, actor=ACTOR, reason="errors", at=AT)
    assert (killed.status, killed.rules) == ("KILLED", split_rule(on=25, off=75))


def test_killed_flag_takes_no_change_until_the_kill_is_lifted() -> None:
    state = state_in(make_flag(killed=True))
    with pytest.raises(FlagIsKilled):
        set_state(state, ON)
    lifted = services.lift_kill(
        state_id=state.pk, status=FlagStatus.ON, actor=ACTOR, reason="fixed", at=AT, expected_version=None
    )
    assert lifted.status == "ON"


def test_killing_twice_is_refused() -> None:
    state = state_in(make_flag(killed=True))
    with pytest.raises(NothingToChange):
        services.kill(state_id=state.pk, actor=ACTOR, reason="again", at=AT)


def test_lifting_needs_a_kill_and_a_reason() -> None:
    running, killed = state_in(make_flag(on=True)), state_in(make_flag(killed=True))
    lift: dict[str, Any] = {"status": FlagStatus.ON, "actor": ACTOR, "at": AT, "expected_version": None}
    with pytest.raises(FlagIsNotKilled):
        services.lift_kill(state_id=running.pk, reason="why", **lift)
    with pytest.raises(ReasonMissing):
        services.lift_kill(state_id=killed.pk, reason="", **lift)


def test_revert_serves_the_earlier_version_as_a_new_one() -> None:
    state = state_in(make_flag(rolling_out=True))  # versions: 1 off, 2 on for 25 %
    set_state(state, Change(rules=()))
    reverted = services.revert(
        state_id=state.pk, to_version=2, actor=ACTOR, reason="too fast", at=AT, expected_version=3
    )
    assert (reverted.version, reverted.rules) == (4, split_rule(on=25, off=75))
    assert AuditEntry.objects.get(kind="flags.reverted").changes == {"rules": [[], split_rule(on=25, off=75)]}


def test_revert_to_an_unknown_version_is_refused() -> None:
    state = state_in(make_flag(on=True))
    with pytest.raises(FlagStateVersion.DoesNotExist):
        services.revert(state_id=state.pk, to_version=99, actor=ACTOR, reason="x", at=AT, expected_version=None)


def test_revert_does_not_bring_a_kill_back() -> None:
    state = state_in(make_flag(killed=True))  # versions: 1 off, 2 on, 3 killed
    services.lift_kill(
        state_id=state.pk, status=FlagStatus.ON, actor=ACTOR, reason="fixed", at=AT, expected_version=None
    )
    reverted = services.revert(state_id=state.pk, to_version=3, actor=ACTOR, reason="x", at=AT, expected_version=None)
    assert reverted.status == "OFF"


def test_each_version_says_from_when_until_when() -> None:
    state = state_in(make_flag())
    noon, one = AT + timedelta(hours=3), AT + timedelta(hours=4)
    for at, status in ((noon, FlagStatus.ON), (one, FlagStatus.OFF)):
        services.set_state(
            state_id=state.pk, change=Change(status=status), actor=ACTOR, reason="x", at=at, expected_version=None
        )
    spans = FlagStateVersion.objects.filter(state=state).order_by("number").values_list("valid_from", "valid_to")
    assert list(spans) == [(AT, noon), (noon, one), (one, None)]


def test_history_tells_who_why_and_what() -> None:
    state = state_in(make_flag())
    set_state(state, ON, reason="launch day")
    newest, oldest = selectors.history(state)
    assert (newest.number, newest.actor, newest.reason) == (2, "tests", "launch day")
    assert newest.changes == {"status": ["off", "on"]}
    assert (oldest.kind, oldest.changes) == ("flags.flag_created", {})


def test_changing_a_value_is_a_new_version_in_every_environment() -> None:
    flag = make_flag(type=FlagType.STRING)
    services.update_flag(
        flag_id=flag.pk,
        fields={"variants": [("blue", "navy"), ("red", "red")]},
        actor=ACTOR,
        at=AT,
        expected_version=1,
        reason="why",
    )
    assert set(flag.states.values_list("version", flat=True)) == {2}


def test_variant_in_use_cannot_be_taken_away() -> None:
    flag = make_flag(type=FlagType.STRING)
    with pytest.raises(InvalidFlag):
        services.update_flag(
            flag_id=flag.pk,
            fields={"variants": [("green", "green")]},
            actor=ACTOR,
            at=AT,
            expected_version=1,
            reason="why",
        )
    assert list(flag.variants.order_by("position").values_list("key", flat=True)) == ["blue", "red"]


def test_renaming_a_flag_publishes_nothing() -> None:
    flag = make_flag()
    before = dict(Ruleset.objects.values_list("pk", "version"))
    services.update_flag(flag_id=flag.pk, fields={"name": "Other"}, actor=ACTOR, at=AT, expected_version=1)
    assert dict(Ruleset.objects.values_list("pk", "version")) == before


def test_setting_members_says_who_came_and_went() -> None:
    segment = make_segment(members=["ann", "bob"])
    environment = segment.project.environments.get(key="production")
    services.set_members(
        segment_id=segment.pk,
        environment_id=environment.pk,
        targeting_keys=["bob", " cid ", "", "cid"],
        actor=ACTOR,
        at=AT,
        reason="why",
        expected_version=segment.version,
    )
    entry = AuditEntry.objects.filter(kind="flags.members_changed").latest("id")
    assert entry.changes == {"added": [None, ["cid"]], "removed": [["ann"], None]}
    assert set(segment.members.present().values_list("targeting_key", flat=True)) == {"bob", "cid"}


def test_too_long_member_is_named_by_its_line_and_nothing_is_kept() -> None:
    segment = make_segment(members=["ann"])
    environment = segment.project.environments.get(key="production")
    with pytest.raises(UnreadableMembers) as refused:
        services.set_members(
            segment_id=segment.pk,
            environment_id=environment.pk,
            targeting_keys=["bob", "x" * 201],
            actor=ACTOR,
            at=AT,
            reason="why",
            expected_version=None,
        )
    assert refused.value.problems == [(2, "a targeting key has at most 200 characters")]
    assert set(segment.members.present().values_list("targeting_key", flat=True)) == {"ann"}


@pytest.mark.parametrize("key", ["all", "new"])
def test_some_segment_keys_are_taken(key: str) -> None:
    with pytest.raises(ValidationError, match="everyone"):
        make_segment(key=key)


def test_flag_key_new_is_the_address_of_the_form() -> None:
    with pytest.raises(ValidationError, match="Not `new`"):
        make_flag(key="new")


@pytest.mark.parametrize(("environment", "needs_reason"), [("production", True), ("staging", False)])
def test_members_of_a_protected_environment_change_with_a_reason(environment: str, needs_reason: bool) -> None:
    segment = make_segment()
    pk = segment.project.environments.get(key=environment).pk
    change: dict[str, Any] = {"segment_id": segment.pk, "environment_id": pk, "targeting_keys": ["ann"]}
    who: dict[str, Any] = {"actor": ACTOR, "at": AT, "expected_version": None}
    if needs_reason:
        with pytest.raises(ReasonMissing):
            services.set_members(**change, **who)
        assert not segment.members.present().exists()
    else:
        services.set_members(**change, **who)
        assert segment.members.present().count() == 1


@pytest.mark.parametrize(
    ("fields", "needs_reason"),
    [
        ({"name": "Other"}, False),
        ({"client_exposed": True}, True),
        ({"variants": [("on", True), ("no", False), ("off", False)]}, True),
    ],
)
def test_what_reaches_users_of_a_protected_environment_changes_with_a_reason(
    fields: dict[str, Any], needs_reason: bool
) -> None:
    flag = make_flag()
    who: dict[str, Any] = {"flag_id": flag.pk, "fields": fields, "actor": ACTOR, "at": AT, "expected_version": 1}
    if needs_reason:
        with pytest.raises(ReasonMissing):
            services.update_flag(**who)
    assert services.update_flag(**who, reason="" if not needs_reason else "why").version == 2


def test_usage_adds_up_within_the_hour() -> None:
    state = state_in(make_flag(key="counted"))
    place = (state.environment_id, "counted", "on")
    services.add_usage(counts={place: 2}, at=AT)
    services.add_usage(counts={place: 3}, at=AT + timedelta(minutes=59))
    services.add_usage(counts={place: 5}, at=AT + timedelta(minutes=60))
    rows = FlagUsage.objects.order_by("hour").values_list("hour", "count")
    assert list(rows) == [(AT, 5), (AT + timedelta(hours=1), 5)]


def test_usage_of_unknown_flags_is_dropped() -> None:
    state = state_in(make_flag())
    services.add_usage(counts={(state.environment_id, "nobody", "on"): 1}, at=AT)
    assert not FlagUsage.objects.exists()
