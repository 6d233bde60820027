"""Stale flags as a list, as a filter and as a number: one query that says what the domain says."""

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.core.models import Environment, Project
from apps.flags import selectors, services
from apps.flags.domain.staleness import Purpose
from apps.flags.models import Flag, FlagActivity, FlagState, RolloutPlan
from apps.flags.selectors import overview
from tests.callers import as_key, as_role
from tests.factories import make_flag, make_key, make_project, state_in
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db
AT = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
OFFSETS = (-30, -14.001, -14, -13.999, -1, 0)  # days around the limit


@pytest.fixture
def project() -> Project:
    return make_project(key="shop")


def scatter(project: Project, dice: random.Random, count: int) -> None:
    """Flags whose every date and state is drawn."""

    def moment() -> datetime:
        return AT + timedelta(days=dice.choice(OFFSETS))

    Flag.objects.bulk_create(
        Flag(
            project=project,
            key=f"flag-{n}",
            name="x",
            type="boolean",
            salt="s",
            purpose=dice.choice(list(Purpose)),
            expected_end=dice.choice([None, *(AT.date() + timedelta(days=days) for days in (-1, 0, 1))]),
            archived_at=dice.choice([None, None, None, AT]),
            created_at=moment(),
        )
        for n in range(count)
    )
    FlagState.objects.bulk_create(
        FlagState(
            flag=flag,
            environment=environment,
            status=dice.choice(FlagState.Status.values),
            default_variant="on",
            off_variant="off",
            changed_at=moment(),
        )
        for flag in Flag.objects.filter(project=project)
        for environment in project.environments.all()
    )
    FlagActivity.objects.bulk_create(
        FlagActivity(state=state, last_served_at=moment(), variant="on", since=moment())
        for state in FlagState.objects.filter(flag__project=project)
        if dice.random() < 0.7
    )
    RolloutPlan.objects.bulk_create(
        RolloutPlan(
            state=state,
            variant="on",
            base={},
            started_at=AT,
            entered_at=AT,
            **dice.choice(
                [
                    {"status": RolloutPlan.Status.RUNNING, "due_at": AT},
                    {"status": RolloutPlan.Status.PAUSED, "remaining_seconds": 60},
                    {"status": RolloutPlan.Status.COMPLETED, "ended_at": AT},
                ]
            ),
        )
        for state in FlagState.objects.filter(flag__project=project)
        if dice.random() < 0.3
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_query_finds_what_the_domain_calls_stale(project: Project, seed: int) -> None:
    dice = random.Random(seed)
    for environment in project.environments.all():
        Environment.objects.filter(pk=environment.pk).update(created_at=AT + timedelta(days=dice.choice(OFFSETS)))
    scatter(project, dice, 150)
    rows = selectors.flags_with_states(selectors.flags(project, archived=None))
    told: dict[str, set[str]] = {environment.key: set() for environment in project.environments.all()}
    for flag in rows:
        for state in flag.states.all():
            if selectors.why_stale(state, at=AT):
                told[state.environment.key].add(flag.key)
    for environment in project.environments.all():
        found = selectors.stale_flags(rows, at=AT, environment=environment)
        assert {flag.key for flag in found} == told[environment.key]
        counts = overview.tab_counts(rows, environment, at=AT)
        assert 20 < counts["stale"] == len(told[environment.key]) < 130
    assert {flag.key for flag in selectors.stale_flags(rows, at=AT)} == set.union(*told.values())


def fresh(flag: Flag, environment: str = "production") -> None:
    """Asked for a moment ago."""
    env = flag.project.environments.get(key=environment)
    services.add_usage(counts={(env.pk, flag.key, "on"): 1}, at=clock.now())


def one_stale_one_fresh(project: Project) -> None:
    make_flag(project=project, key="old")
    fresh(make_flag(project=project, key="young"))


def test_the_tab_gives_the_reason_and_says_what_to_do(project: Project) -> None:
    one_stale_one_fresh(project)
    visitor = Visitor(project)
    page = visitor.get("flag-list", "?status=stale")
    assert [row.flag.key for row in page.context["rows"]] == ["old"]
    shows(
        page, "Never evaluated in", "Remove each from the code, then archive it", visitor.url("flag-archive", key="old")
    )


def test_an_empty_tab_teaches_what_comes_there(project: Project) -> None:
    fresh(make_flag(project=project, key="young"))
    shows(Visitor(project).get("flag-list", "?status=stale"), "No flag is stale")


def test_the_flags_page_has_the_badge_and_the_reason(project: Project) -> None:
    one_stale_one_fresh(project)
    visitor = Visitor(project)
    shows(visitor.get("flag-detail", key="old"), "pill-stale", "This flag looks stale.", "Never evaluated in")
    assert "pill-stale" not in text(visitor.get("flag-detail", key="young"))


def test_staleness_is_told_per_environment(project: Project) -> None:
    one_stale_one_fresh(project)
    assert "pill-stale" in text(Visitor(project, environment="staging").get("flag-detail", key="young"))


def test_the_api_filters_and_explains(project: Project) -> None:
    one_stale_one_fresh(project)
    viewer, address = as_role("Viewer"), "/api/v1/projects/shop/flags/"

    def listed(query: str) -> list[str]:
        return [flag["key"] for flag in viewer.get(address + query).json()["results"]]

    assert listed("?stale=true&environment=production") == ["old"]
    assert listed("?stale=true") == ["old", "young"]  # young is not asked for in staging
    assert listed("?stale=false") == ["old", "young"]
    by_environment = {state["environment"]: state for state in viewer.get(f"{address}young/").json()["states"]}
    assert by_environment["production"]["stale"] == []
    last = datetime.fromisoformat(by_environment["production"]["last_served_at"])
    assert clock.now() - last < timedelta(minutes=1)
    assert by_environment["staging"]["last_served_at"] is None
    (reason,) = by_environment["staging"]["stale"]
    assert reason["code"] == "never_evaluated"
    assert reason["words"].startswith("never evaluated in ")


def test_a_bound_key_sees_what_is_stale_in_its_environment(project: Project) -> None:
    one_stale_one_fresh(project)
    client = as_key(make_key(environment=project.environments.get(key="production"), management=True))
    answer = client.get("/api/v1/projects/shop/flags/?stale=true").json()
    assert [flag["key"] for flag in answer["results"]] == ["old"]


def test_the_number_of_days_is_a_setting(project: Project, settings: Any) -> None:
    flag = make_flag(project=project, key="it")
    FlagActivity.objects.create(state=state_in(flag), last_served_at=AT, variant="on", since=AT)
    settings.STALE_DAYS = 3
    rows, production = selectors.flags(project), project.environments.get(key="production")
    assert not selectors.stale_flags(rows, at=AT + timedelta(days=2), environment=production).exists()
    assert selectors.stale_flags(rows, at=AT + timedelta(days=3), environment=production).exists()


def test_purpose_and_expected_end_are_edited_and_audited(project: Project) -> None:
    operator, address = as_role("Operator"), "/api/v1/projects/shop/flags/"
    body = {"key": "it", "name": "It", "type": "boolean", "purpose": "EXPERIMENT", "expected_end": "2026-04-01"}
    made = operator.post(address, body).json()
    assert (made["purpose"], made["expected_end"], made["archived_at"]) == ("EXPERIMENT", "2026-04-01", None)
    changed = operator.patch(f"{address}it/", {"purpose": "OPERATIONAL", "expected_end": None}).json()
    assert (changed["purpose"], changed["expected_end"]) == ("OPERATIONAL", None)
    entry = operator.get("/api/v1/projects/shop/audit/?kind=flags.flag_changed").json()["results"][0]
    assert entry["changes"] == {"purpose": ["EXPERIMENT", "OPERATIONAL"], "expected_end": ["2026-04-01", None]}
    refused = operator.patch(f"{address}it/", {"archived_at": "2026-04-01T00:00:00Z", "purpose": "FUN"})
    assert {error["field"] for error in refused.json()["errors"]} == {"archived_at", "purpose"}


def test_purpose_and_expected_end_are_on_the_forms(project: Project) -> None:
    make_flag(project=project, key="it", purpose=Purpose.PERMISSION, expected_end=date(2027, 5, 1))
    page = Visitor(project).get("flag-edit", key="it")
    shows(page, '<option value="PERMISSION" selected>Permission</option>', 'value="2027-05-01"')
    shows(Visitor(project).get("flag-detail", key="it"), "Permission", "Expected to end by 2027-05-01")
