"""Pages and lists ask the database as often for three hundred flags as for thirty. Times are benchmarks/scale.py's."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import clock, services
from apps.core.models import Project
from apps.flags.models import (
    Flag,
    FlagActivity,
    FlagState,
    FlagStateVersion,
    FlagUsage,
    RolloutPlan,
    RolloutStage,
    Variant,
)
from apps.flags.selectors import definitions, overview
from tests.core.visit import visit
from tests.factories import make_flag, make_project

pytestmark = pytest.mark.django_db
HERE, API = "/admin/p/shop/production", "/api/v1/projects/shop/flags"
AT_MOST = {  # queries
    f"{HERE}/flags/": 17,
    f"{HERE}/flags/?status=on": 17,
    f"{HERE}/flags/?status=rolling-out": 17,
    f"{HERE}/flags/?status=off": 17,
    f"{HERE}/flags/?status=killed": 17,
    f"{HERE}/flags/?status=stale": 17,
    f"{HERE}/flags/?status=archived": 17,
    f"{HERE}/flags/?q=feature-1": 17,
    f"{HERE}/flags/?tag=t": 17,
    f"{HERE}/flags/?page=2": 17,
    f"{HERE}/flags/feature-1/": 22,
    f"{HERE}/flags/featre-1/": 10,
    f"{HERE}/flags/feature-1/archive/": 14,
    f"{HERE}/": 23,
    f"{HERE}/segments/": 11,
    f"{HERE}/timeline/": 8,
    "/admin/search.json?q=feature&project=shop&environment=production": 6,
    f"{API}/": 10,
    f"{API}/?stale=true": 10,
    f"{API}/?archived=true": 10,
    f"{API}/feature-1/": 10,
    f"{API}/feature-1/usage/?interval=day": 10,
}


@pytest.fixture
def project() -> Project:
    project = make_project(key="shop")
    services.tick(name="walk", at=clock.now())
    make_flag(project=project, key="first", killed=True)
    return project


def more(project: Project, numbers: range) -> None:
    """Flags of every state with variants, versions, usage and activity; every fifth is archived, every sixth state is
    held by a rollout plan."""
    now = clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    flags = Flag.objects.bulk_create(
        Flag(
            project=project,
            key=f"feature-{n}",
            name="x",
            type="boolean",
            salt="s",
            tags=["t"],
            created_at=now - timedelta(days=n % 30),
            archived_at=now if n % 5 == 4 else None,
        )
        for n in numbers
    )
    Variant.objects.bulk_create(
        Variant(flag=flag, key=key, value=value, position=place)
        for flag in flags
        for place, (key, value) in enumerate((("on", True), ("off", False)))
    )
    rule = {"id": "rule", "when": None, "serve": {"variant": "on"}}
    states = FlagState.objects.bulk_create(
        FlagState(
            flag=flag,
            environment=environment,
            status=FlagState.Status.values[n % 3],
            rules=[rule] if n % 2 else [],
            default_variant="on",
            off_variant="off",
            changed_at=now,
        )
        for n, flag in enumerate(flags)
        for environment in project.environments.all()
    )
    entry = FlagStateVersion.objects.earliest("pk").entry
    FlagStateVersion.objects.bulk_create(
        FlagStateVersion(state=state, number=1, definition=definitions.whole(state), valid_from=now, entry=entry)
        for state in states
    )
    FlagActivity.objects.bulk_create(
        FlagActivity(state=state, last_served_at=now, variant="on", since=now) for state in states
    )
    plans = RolloutPlan.objects.bulk_create(
        RolloutPlan(
            state=state,
            variant="on",
            base=definitions.whole(state),
            started_at=now,
            entered_at=now,
            due_at=now,
        )
        for state in states[1::6]
    )
    RolloutStage.objects.bulk_create(
        RolloutStage(plan=plan, position=0, name="Everyone", weight=1_000, hold_seconds=60) for plan in plans
    )
    FlagUsage.objects.bulk_create(
        FlagUsage(flag=state.flag, environment=state.environment, variant="on", hour=hour, count=1) for state in states
    )


def asked(address: str) -> int:
    client = visit("Operator")
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code in (200, 404)
    return len(queries)


def test_ten_times_the_flags_cost_no_query_more(project: Project) -> None:
    more(project, range(30))
    few = {address: asked(address) for address in AT_MOST}
    more(project, range(30, 300))
    many = {address: asked(address) for address in AT_MOST}
    assert many == few
    assert {address: count for address, count in many.items() if count > AT_MOST[address]} == {}


def test_a_mistyped_key_is_found_among_many(project: Project) -> None:
    more(project, range(500))
    assert "feature-77" in overview.near_keys(project, "Feature-77")
    assert "feature-77" in overview.near_keys(project, "feature-77x")
    assert overview.near_keys(project, "zzz") == []


def test_tags_in_use_are_named_once(project: Project) -> None:
    more(project, range(30))
    make_flag(project=project, tags=["b", "a"])
    make_flag(tags=["foreign"])
    assert overview.tags_in_use(project) == ["a", "b", "t"]
