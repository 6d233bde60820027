"""The rulesets in memory: they follow the database, recompile only what changed, and are never half swapped."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from apps.flags import services
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.live.rulesets import Published, Rulesets, version_in
from apps.flags.models import FlagState, Ruleset, Segment
from apps.flags.selectors import flags_in
from tests.factories import AT, make_flag, make_project, make_segment, state_in
from tests.factories.core import ACTOR
from tests.flags.ofrep import serve

pytestmark = pytest.mark.django_db
BETA = {"id": "beta", "when": {"segment": ["beta"]}, "serve": {"variant": "on"}}


class World:
    """A project, and the memory of a process that follows it."""

    def __init__(self) -> None:
        self.project = make_project()
        self.environment_id = self.project.environments.get(key="production").pk
        self.rulesets = Rulesets()

    def published(self) -> Published:
        self.rulesets.refresh({"topic": "rulesets", "environment": self.environment_id})
        found = self.rulesets.published(self.environment_id)
        assert found
        return found

    def values(self, **context: object) -> dict[str, object]:
        return {one.key: one.value for one in self.published().compiled.evaluate_all(context, AT.timestamp())}

    def set_members(self, segment: Segment, *members: str) -> None:
        services.set_members(
            segment_id=segment.pk,
            environment_id=self.environment_id,
            targeting_keys=members,
            actor=ACTOR,
            reason="tests",
            at=AT,
            expected_version=None,
        )


@pytest.fixture
def world() -> World:
    return World()


def test_new_changed_and_killed_flags_arrive(world: World) -> None:
    first = make_flag(project=world.project, key="first", on=True)
    assert world.values() == {"first": True}
    make_flag(project=world.project, key="second", on=True)
    assert world.values() == {"first": True, "second": True}
    services.kill(state_id=state_in(first).pk, actor=ACTOR, reason="errors", at=AT)
    assert world.values() == {"first": False, "second": True}


def test_new_members_arrive(world: World) -> None:
    segment = make_segment(project=world.project, key="beta")
    serve(make_flag(project=world.project, key="it", default_variant="off"), BETA)
    assert world.values(targetingKey="u-1") == {"it": False}
    world.set_members(segment, "u-1")
    assert world.values(targetingKey="u-1") == {"it": True}
    world.set_members(segment)
    assert world.values(targetingKey="u-1") == {"it": False}


def test_only_what_changed_is_compiled_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    flags = [make_flag(project=world.project, key=f"flag-{n}", on=True) for n in range(5)]
    before = world.published().compiled
    asked: list[Any] = []

    def noting(environment_id: int, keys: Any) -> Any:
        asked.append(keys)
        return flags_in(environment_id, keys)

    monkeypatch.setattr("apps.flags.selectors.flags_in", noting)
    serve(flags[3], status=FlagStatus.OFF)
    after = world.published().compiled
    assert asked == [{"flag-3"}]
    assert before.flag("flag-2") is after.flag("flag-2")
    assert before.evaluate("flag-2", {}, AT.timestamp()) is after.evaluate("flag-2", {}, AT.timestamp())


def test_following_step_by_step_ends_where_loading_afresh_does(world: World) -> None:
    """Forty random changes, seen by one memory that follows and by one that begins at the end."""
    dice = random.Random(7)
    segment = make_segment(project=world.project, key="beta")
    flags = [make_flag(project=world.project, key=f"flag-{n}", default_variant="off") for n in range(6)]
    for step in range(40):
        choice = dice.random()
        if choice < 0.2:
            world.set_members(segment, *[f"u-{dice.randrange(20)}" for _ in range(3)], f"step-{step}")
        elif choice < 0.3:
            flags.append(make_flag(project=world.project, key=f"late-{step}", on=True))
        else:
            flag = dice.choice(flags)
            status = FlagStatus.OFF if state_in(flag).status == "ON" else FlagStatus.ON
            serve(flag, *([BETA] if dice.random() < 0.5 else []), status=status)
        if dice.random() < 0.6:
            world.published()
    followed = [world.values(targetingKey=f"u-{n}") for n in range(20)]
    world.rulesets = Rulesets()
    assert followed == [world.values(targetingKey=f"u-{n}") for n in range(20)]


def test_an_unreadable_row_is_left_out_and_harms_no_other(world: World) -> None:
    good = make_flag(project=world.project, key="good", on=True)
    bad = make_flag(project=world.project, key="bad", on=True)
    assert world.values() == {"bad": True, "good": True}
    FlagState.objects.filter(flag=bad).update(rules=[{"nonsense": 1}], version=F("version") + 1)
    serve(good, status=FlagStatus.OFF)
    assert world.values() == {"good": False}
    world.rulesets = Rulesets()
    assert world.values() == {"good": False}


def test_listeners_hear_each_swap_once(world: World) -> None:
    heard: list[int] = []
    world.rulesets.listen(lambda published: heard.append(published.version))
    make_flag(project=world.project, key="it")
    version = world.published().version
    world.published()
    assert heard == [version]


def test_another_environment_is_not_touched(world: World) -> None:
    flag = make_flag(project=world.project, key="it")
    staging = world.project.environments.get(key="staging").pk
    world.rulesets.refresh({})
    before = world.rulesets.published(staging)
    serve(flag)
    world.rulesets.refresh({})
    assert world.rulesets.published(staging) is before


def test_a_restored_database_is_believed_although_its_versions_are_smaller(world: World) -> None:
    flag = make_flag(project=world.project, key="it", on=True)
    assert world.values() == {"it": True}
    etag = world.published().etag
    FlagState.objects.filter(flag=flag).update(status="OFF", version=1)
    Ruleset.objects.filter(pk=world.environment_id).update(version=1)
    assert world.values() == {"it": False}
    Ruleset.objects.filter(pk=world.environment_id).update(version=version_in(etag), changed_at=AT + timedelta(days=1))
    assert world.published().etag != etag


def test_a_window_that_opens_is_news_although_nothing_was_changed(
    world: World, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    opens = AT + timedelta(hours=1)
    now = [AT.timestamp()]
    monkeypatch.setattr("apps.core.clock.seconds", lambda: now[0])
    serve(
        make_flag(project=world.project, key="it", default_variant="off"),
        {"id": "later", "when": None, "serve": {"variant": "on"}, "window": {"starts_at": opens.isoformat()}},
    )
    heard: list[str] = []
    world.rulesets.listen(lambda published: heard.append(published.etag))
    before = world.published()
    before.remarks[1] = "made for the old etag"
    now[0] = opens.timestamp() - 0.001
    assert world.published() is before
    now[0] = opens.timestamp()
    with django_assert_num_queries(1):
        after = world.published()
    assert (after.version, after.compiled, after.remarks) == (before.version, before.compiled, {})
    assert heard == [before.etag, after.etag]
    assert before.etag != after.etag
    assert world.published() is after


def test_an_unknown_environment_is_no_error(world: World) -> None:
    world.rulesets.refresh({"environment": 999_999})
    assert world.rulesets.get(999_999) is None


@pytest.mark.parametrize(
    ("etag", "version"), [("12-abcd", 12), ("12", 12), ("", 0), ("x-1", 0), ("٣-1", 0), ("9" * 19, 0)]
)
def test_the_version_is_read_only_from_etags_of_ours(etag: str, version: int) -> None:
    assert version_in(etag) == version


def test_following_costs_few_queries_however_many_flags(world: World, django_assert_num_queries: Any) -> None:
    flags = [make_flag(project=world.project, key=f"flag-{n}", on=True) for n in range(12)]
    world.published()
    serve(flags[0], status=FlagStatus.OFF)
    with django_assert_num_queries(5):  # versions; states; segments; the changed flag; its variants
        world.published()
    with django_assert_num_queries(1):
        world.published()
