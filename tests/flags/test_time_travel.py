"""What a past moment answered: membership and rules as they were, and the same answers that were given then."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.models import Environment, Project
from apps.flags import selectors, services
from apps.flags.domain.engine.compiler import CompiledRuleset, compile_ruleset
from apps.flags.domain.engine.definitions import FlagStatus, FlagType, Override, Prerequisite
from apps.flags.domain.engine.explain import explain
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.transitions import Change, FlagIsKilled, FlagIsNotKilled, NothingToChange
from apps.flags.models import FlagState, FlagStateVersion, Segment, SegmentMember, SegmentVersion
from apps.flags.selectors import overview
from tests.core.visit import visit
from tests.factories import ACTOR, AT, make_flag, make_project, make_segment, split_rule, state_in
from tests.scale import scaled

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
GERMAN: dict[str, Any] = {"attr": ["country"], "op": "in", "value": ["DE"]}


def set_members(segment: Segment, *keys: str, at: datetime) -> None:
    services.set_members(
        segment_id=segment.pk,
        environment_id=segment.project.environments.get(key="production").pk,
        targeting_keys=keys,
        actor=ACTOR,
        reason="why",
        at=at,
        expected_version=None,
    )


def set_rule(segment: Segment, rule: Any, at: datetime) -> None:
    services.update_segment(
        segment_id=segment.pk, fields={"rule": rule}, actor=ACTOR, at=at, expected_version=None, reason="why"
    )


def set_state(state: FlagState, change: Change, at: datetime) -> None:
    services.set_state(state_id=state.pk, change=change, actor=ACTOR, reason="why", at=at, expected_version=None)


def members_at(segment: Segment, at: datetime) -> set[str]:
    return set(segment.members.held_at(at).values_list("targeting_key", flat=True))


def test_who_was_a_member_is_kept() -> None:
    segment = make_segment()
    set_members(segment, "ann", "bob", at=AT + MINUTE)
    set_members(segment, "bob", "cid", at=AT + 2 * MINUTE)
    set_members(segment, "ann", at=AT + 3 * MINUTE)
    assert [members_at(segment, AT + n * MINUTE) for n in range(4)] == [
        set(),
        {"ann", "bob"},
        {"bob", "cid"},
        {"ann"},
    ]
    production = segment.project.environments.get(key="production")
    assert overview.members(segment, production) == ["ann"]
    assert overview.member_counts(segment.project) == {(segment.pk, production.pk): 1}
    assert [one.members for one in selectors.segments_of(production.pk)] == [{"ann"}]
    assert SegmentMember.objects.filter(targeting_key="ann").count() == 2


def test_a_change_that_waited_does_not_reach_before_the_one_it_waited_for() -> None:
    segment = make_segment()
    set_members(segment, "ann", at=AT + 5 * MINUTE)
    set_members(segment, "bob", at=AT + 4 * MINUTE)
    assert members_at(segment, AT + 4 * MINUTE) == set()
    assert members_at(segment, AT + 5 * MINUTE) == {"bob"}
    assert segment.members.get(targeting_key="ann").valid_to == AT + 5 * MINUTE


def test_a_segments_rule_is_kept_when_it_changes_and_only_then() -> None:
    segment = make_segment()
    services.update_segment(
        segment_id=segment.pk, fields={"name": "Other"}, actor=ACTOR, at=AT + MINUTE, expected_version=None
    )
    set_rule(segment, GERMAN, AT + 2 * MINUTE)
    set_rule(segment, None, AT + MINUTE)  # it waited
    rows = SegmentVersion.objects.order_by("number").values_list("number", "rule", "valid_from", "valid_to")
    assert list(rows) == [
        (1, None, AT, AT + 2 * MINUTE),
        (3, GERMAN, AT + 2 * MINUTE, AT + 2 * MINUTE),
        (4, None, AT + 2 * MINUTE, None),
    ]


def test_a_flag_is_found_as_it_was() -> None:
    flag = make_flag(key="dark", salt="pepper")
    state = state_in(flag)
    set_state(state, Change(status=FlagStatus.ON, rules=parse_rules(split_rule(on=25, off=75))), AT + MINUTE)
    services.update_flag(
        flag_id=flag.pk,
        fields={"variants": [("on", True), ("off", False), ("no", False)], "client_exposed": True},
        actor=ACTOR,
        at=AT + 2 * MINUTE,
        expected_version=None,
        reason="why",
    )
    assert selectors.flag_at(state, AT - MINUTE) is None
    first, second, third = (selectors.flag_at(state, AT + n * MINUTE) for n in range(3))
    assert first
    assert second
    assert third
    assert [one.status for one in (first, second, third)] == [FlagStatus.OFF, FlagStatus.ON, FlagStatus.ON]
    assert [len(one.variants) for one in (first, second, third)] == [2, 2, 3]
    assert [one.client_exposed for one in (first, second, third)] == [False, False, True]
    assert (second.version, second.salt, second.type, second.key) == (2, "pepper", FlagType.BOOLEAN, "dark")
    assert selectors.began_at(state) == AT


def test_a_version_that_cannot_be_read_is_left_out_of_the_world() -> None:
    project = make_project()
    base = state_in(make_flag(project=project, key="base", on=True))
    waiting = make_flag(project=project, key="waiting")
    set_state(state_in(waiting), Change(prerequisites=(Prerequisite("base", ("on",)),)), AT + MINUTE)
    definition = FlagStateVersion.objects.present().get(state=base).definition
    FlagStateVersion.objects.filter(state=base).update(definition=definition | {"rules": [{"odd": 1}]})
    flag = selectors.flag_at(state_in(waiting), AT + MINUTE)
    assert flag is not None
    assert selectors.world_around(flag, base.environment_id, {}, at=AT + MINUTE).flags == {}


# --- the past is answered as it was --------------------------------------------------------------

USERS = ["u-1", "u-2", "u-3"]
FLAGS = ["base", "waiting"]
SEGMENTS = ["beta", "staff"]
whens = st.sampled_from([None, GERMAN, {"segment": ["beta"]}, {"not": {"segment": ["staff", "beta"]}}])
serves = st.sampled_from([{"variant": "on"}, {"variant": "off"}, {"split": [["on", 50_000], ["off", 50_000]]}])
rules = st.lists(st.tuples(whens, serves), max_size=2).map(
    lambda drawn: parse_rules([{"id": f"r{n}", "when": when, "serve": serve} for n, (when, serve) in enumerate(drawn)])
)
moments = st.integers(-2, 40).map(lambda seconds: AT + timedelta(seconds=seconds))
overrides = st.lists(
    st.builds(Override, st.sampled_from(["on", "off"]), st.sampled_from(USERS).map(lambda user: (user,)), moments),
    max_size=1,
).map(tuple)
states = st.builds(
    Change,
    status=st.sampled_from([None, FlagStatus.ON, FlagStatus.ON, FlagStatus.OFF]),
    rules=st.none() | rules,
    default_variant=st.sampled_from([None, "on", "off"]),
    overrides=st.none() | overrides,
)
contexts = st.fixed_dictionaries(
    {"targetingKey": st.sampled_from(USERS)},
    optional={"country": st.sampled_from(["DE", "US"]), "groups": st.lists(st.sampled_from(SEGMENTS), max_size=1)},
)
REFUSALS = (NothingToChange, FlagIsKilled, FlagIsNotKilled, services.InvalidFlag, FlagStateVersion.DoesNotExist)


class Story:
    """Changes of one project through the services, one a second, with what every node answered after each."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.production = Environment.objects.get(project=project, key="production")
        self.at = AT
        self.compiled: list[tuple[datetime, CompiledRuleset]] = []

    def tell(self, data: st.DataObject) -> None:
        steps: list[Callable[[st.DataObject], None]] = [
            self.make_flag,
            self.make_segment,
            *[self.change_members] * 4,
            self.change_rule,
            *[self.change_state] * 2,
            self.wait_for_base,
            self.kill_or_lift,
            self.revert,
        ]
        step = data.draw(st.sampled_from(steps))
        with suppress(*REFUSALS):
            step(data)
        self.compiled.append((self.at, compile_ruleset(selectors.ruleset(self.production.pk))))
        self.at += timedelta(seconds=1)

    def answered(self, key: str, context: dict[str, Any], at: datetime) -> object:
        """What the ruleset in force at `at` says; None where the flag was not there."""
        before = [compiled for moment, compiled in self.compiled if moment <= at]
        outcome = before[-1].evaluate(key, context, at.timestamp()) if before else None
        return outcome and (outcome.variant, outcome.value, outcome.reason)

    def explained(self, key: str, context: dict[str, Any], at: datetime) -> object:
        state = self.state(key)
        flag = selectors.flag_at(state, at) if state else None
        if flag is None:
            return None
        among = selectors.world_around(flag, self.production.pk, context, at=at)
        found = explain(flag, among, context, at.timestamp())
        return found.variant, found.value, found.reason

    def state(self, key: str) -> FlagState | None:
        rows = FlagState.objects.filter(environment=self.production, flag__key=key)
        return rows.select_related("flag").first()

    def segment(self, data: st.DataObject) -> Segment | None:
        key = data.draw(st.sampled_from(SEGMENTS))
        return Segment.objects.filter(project=self.project, key=key).first()

    @property
    def who(self) -> dict[str, Any]:
        return {"actor": ACTOR, "reason": "why", "at": self.at}

    def make_flag(self, data: st.DataObject) -> None:
        missing = [key for key in FLAGS if self.state(key) is None]
        if missing:
            fields = services.FlagFields(key=missing[0], name=missing[0], type=FlagType.BOOLEAN)
            services.create_flag(project_id=self.project.pk, fields=fields, salt=missing[0], **self.who)

    def make_segment(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(SEGMENTS))
        if not Segment.objects.filter(project=self.project, key=key).exists():
            services.create_segment(project_id=self.project.pk, key=key, name=key, **self.who)

    def change_members(self, data: st.DataObject) -> None:
        segment = self.segment(data)
        if segment:
            set_members(segment, *data.draw(st.sets(st.sampled_from(USERS))), at=self.at)

    def change_rule(self, data: st.DataObject) -> None:
        segment = self.segment(data)
        if segment:
            set_rule(segment, data.draw(st.sampled_from([None, GERMAN])), self.at)

    def change_state(self, data: st.DataObject) -> None:
        state = self.state(data.draw(st.sampled_from(FLAGS)))
        if state:
            set_state(state, data.draw(states), self.at)

    def ask_for_beta(self) -> None:
        """A rule that looks at members, so that every story has one."""
        state = self.state("base")
        present = list(Segment.objects.filter(project=self.project).values_list("key", flat=True))
        rule = parse_rules([{"id": "beta", "when": {"segment": present}, "serve": {"variant": "on"}}])
        assert state is not None
        set_state(state, Change(status=FlagStatus.ON, rules=rule, default_variant="off"), self.at)

    def wait_for_base(self, data: st.DataObject) -> None:
        state, base = self.state("waiting"), self.state("base")
        if state and base:
            set_state(state, Change(prerequisites=(Prerequisite("base", ("on",)),), status=FlagStatus.ON), self.at)

    def kill_or_lift(self, data: st.DataObject) -> None:
        state = self.state(data.draw(st.sampled_from(FLAGS)))
        if state and state.status == "KILLED":
            services.lift_kill(state_id=state.pk, status=FlagStatus.ON, expected_version=None, **self.who)
        elif state:
            services.kill(state_id=state.pk, **self.who)

    def revert(self, data: st.DataObject) -> None:
        state = self.state(data.draw(st.sampled_from(FLAGS)))
        if state:
            number = data.draw(st.integers(1, state.version))
            services.revert(state_id=state.pk, to_version=number, expected_version=None, **self.who)


@pytest.mark.prove
@settings(
    max_examples=scaled(short=40, long=1_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data(), st.integers(4, 14))
def test_explaining_a_past_moment_tells_what_was_answered_then(data: st.DataObject, length: int) -> None:
    story = Story(make_project())
    story.make_flag(data)
    story.make_segment(data)
    story.ask_for_beta()
    for _ in range(length):
        story.tell(data)
    for _ in range(8):
        at = AT + timedelta(milliseconds=data.draw(st.integers(-1_500, 1_000 * (length + 3))))
        key, context = data.draw(st.sampled_from(FLAGS)), data.draw(contexts)
        assert story.explained(key, context, at) == story.answered(key, context, at), (key, context, at)


def test_the_admin_lists_those_who_are_members_now() -> None:
    segment = make_segment()
    set_members(segment, "ann-who-left", at=AT + MINUTE)
    set_members(segment, "bob-who-came", at=AT + 2 * MINUTE)
    page = visit().get(reverse("admin:flags_segmentmember_changelist")).content.decode()
    assert ("ann-who-left" in page, "bob-who-came" in page) == (False, True)
