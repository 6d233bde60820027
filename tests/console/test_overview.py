"""The overview: one sentence, what needs somebody, the first day, and a fixed number of queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from apps.alerts import services as alerts
from apps.core import clock, services
from apps.core.models import Environment, Project
from apps.flags import services as flags
from apps.flags.domain.rollouts.plans import Stage
from tests.core.visit import visit
from tests.factories import ACTOR, AT, make_flag, make_key, make_project, make_rollout, make_rule, push, state_in

pytestmark = pytest.mark.django_db
CHECKED = [Stage("a", (), 1_000, 60, needs_approval=True), Stage("b", (), 2_000, 60)]


@pytest.fixture
def project() -> Project:
    return make_project(key="shop", name="Shop")


@pytest.fixture
def production(project: Project) -> Environment:
    return project.environments.get(key="production")


@pytest.fixture(autouse=True)
def well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every part answers, so that the sentence is about flags."""
    monkeypatch.setattr("apps.core.health.CHECKS", {"database": lambda: "answers"})


def seen(role: str = "Viewer", environment: str = "production") -> str:
    return visit(role).get(f"/admin/p/shop/{environment}/").content.decode()


def test_all_normal_in_one_sentence(project: Project, production: Environment) -> None:
    make_flag(project=project, on=True)
    make_flag(project=project)
    make_key(environment=production)
    assert "All normal: 2 flags, 1 on; nothing needs you." in seen()


def test_killed_flag_comes_first_with_since_when_who_and_why(project: Project, production: Environment) -> None:
    make_key(environment=production)
    flag = make_flag(project=project, key="checkout", on=True)
    state = flag.states.get(environment=production)
    flags.kill(state_id=state.pk, actor=ACTOR, reason="errors doubled", at=clock.now() - timedelta(minutes=12))
    text = seen()
    assert "One thing needs you: checkout is killed" in text
    assert "12 minutes ago" in text.replace("\xa0", " ")
    assert "by tests: errors doubled" in text
    assert "checkout is killed" not in seen(environment="staging")


def test_open_alerts_come_first_the_worst_above(project: Project, production: Environment) -> None:
    now = clock.now()
    push(production, "errors", (now, 9), host="a")
    for severity in ("warning", "critical"):
        make_rule(production, key=severity, name=f"Errors, {severity}", severity=severity, at=now)
    alerts.judge_due(at=now)
    text = seen()
    assert "first: Errors, critical (host=a)" in text
    assert text.index("Errors, critical (host=a)</a>") < text.index("Errors, warning (host=a)</a>")
    assert "first: Errors" not in seen(environment="staging")


def test_edit_after_a_kill_does_not_make_the_editor_the_killer(project: Project, production: Environment) -> None:
    flag = make_flag(project=project, key="checkout", killed=True)
    fields, later = {"client_exposed": True}, AT + timedelta(days=1)
    flags.update_flag(flag_id=flag.pk, fields=fields, actor=ACTOR, at=later, expected_version=None, reason="public")
    text = seen().split("Needs you")[1]
    assert "checkout is killed" in text


def test_rollouts_that_wait_for_a_person_or_a_guard_need_somebody(project: Project, production: Environment) -> None:
    make_key(environment=production)
    began = clock.now() - timedelta(weeks=1, minutes=5)
    for key, options in (("guarded", {"guards": ["errors"]}), ("checked", {"stages": CHECKED}), ("fine", {})):
        make_rollout(state_in(make_flag(project=project, key=key)), at=began, **options)
    text = seen()
    assert "2 things need you, first: The rollout of checked waits in stage 1 of 2" in text
    assert "somebody other than who started it has to approve the stage" in text
    assert "The rollout of guarded waits in stage 1 of 4: errors is not green: no verdict yet" in text
    assert "The rollout of fine" not in text
    assert "The rollout of" not in seen(environment="staging")


def test_key_that_expires_within_two_weeks_needs_somebody(project: Project, production: Environment) -> None:
    make_key(environment=production, name="web", expires_at=clock.now() + timedelta(days=13))
    make_key(environment=production, name="later", expires_at=clock.now() + timedelta(days=15))
    make_key(environment=production, name="gone", expires_at=clock.now() + timedelta(days=3), revoked=True)
    needs = seen().split("Needs you")[1].split("Latest changes")[0]
    assert "web (" in needs
    assert "later" not in needs
    assert "gone" not in needs


def test_missing_client_key_is_said(project: Project) -> None:
    make_flag(project=project)
    assert "No client key yet" in seen()


def test_locked_flag_is_shown_and_is_no_alarm(project: Project, production: Environment, settings: Settings) -> None:
    make_key(environment=production)
    make_flag(project=project, key="aiSummary")
    settings.FEATURE_LOCKS = {"PULSEOPS_FEATURE_AI_SUMMARY": "true"}
    text = seen()
    assert "aiSummary is locked to on by PULSEOPS_FEATURE_AI_SUMMARY" in text
    assert "All normal" in text


def test_stale_flags_are_counted_and_are_no_alarm(project: Project, production: Environment) -> None:
    make_key(environment=production)
    make_flag(project=project, key="old")
    make_flag(project=project, key="young")
    flags.add_usage(counts={(production.pk, "young", "on"): 1}, at=clock.now())
    text = seen()
    assert "1 flag looks stale: remove it from the code, then archive it" in text
    assert "/admin/p/shop/production/flags/?status=stale" in text
    assert "All normal" in text


def test_variable_that_cannot_be_read_needs_somebody(project: Project, settings: Settings) -> None:
    make_flag(project=project, key="aiSummary")
    settings.FEATURE_LOCKS = {"PULSEOPS_FEATURE_AI_SUMMARY": "perhaps"}
    assert "PULSEOPS_FEATURE_AI_SUMMARY cannot be read" in seen()


def test_ailing_part_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.core import health

    def broken() -> str:
        raise health.Unwell("Redis does not answer.")

    monkeypatch.setattr("apps.core.health.CHECKS", {"redis": broken})
    assert "Redis: Redis does not answer" in seen()


def test_evaluations_of_the_last_day_are_counted_and_told_in_words(project: Project, production: Environment) -> None:
    flag = make_flag(project=project)
    now = clock.now()
    for hours, count in ((0, 1_000), (3, 200), (30, 5)):
        flags.add_usage(counts={(production.pk, flag.key, "on"): count}, at=now - timedelta(hours=hours))
    text = seen()
    assert '<p class="figure">1,200</p>' in text
    assert "1200 evaluations in 24 hours" in text
    assert text.count("<rect") >= 24
    assert '<td class="number">200</td>' in text


def test_first_day_teaches_and_disappears(project: Project, production: Environment) -> None:
    text = seen("Administrator")
    assert "First day" in text
    assert f"/admin/core/apikey/add/?environment={production.pk}&amp;kind=CLIENT" in text
    flag = make_flag(project=project, on=True)
    issued = make_key(environment=production)
    text = seen()
    assert f"Authorization: Bearer {issued.token}" in text.replace("&#x27;", "'")
    flags.add_usage(counts={(production.pk, flag.key, "on"): 1}, at=clock.now())
    assert "First day" not in seen()


def test_latest_changes_read_as_sentences_with_links(project: Project) -> None:
    flag = make_flag(project=project, key="checkout")
    assert f'created the flag <a href="/admin/flags/flag/{flag.pk}/change/">checkout</a>' in seen()


def test_other_projects_stay_out(project: Project) -> None:
    make_flag(project=make_project(key="other"), key="secret-plan", killed=True)
    assert "secret-plan" not in seen()


def test_query_count_does_not_grow(project: Project, production: Environment) -> None:
    client = visit("Viewer")

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/p/shop/production/")
        return len(queries)

    make_flag(project=project, killed=True)
    make_key(environment=production, expires_at=clock.now() + timedelta(days=3))
    asked()
    few = asked()
    for _n in range(5):
        make_flag(project=project, killed=True)
        make_key(environment=production, expires_at=clock.now() + timedelta(days=3))
    assert asked() == few
    assert few <= 25


def test_admin_root_leads_to_the_last_scope_or_to_production(project: Project) -> None:
    client = visit("Viewer")
    assert client.get("/admin/").headers["Location"] == "/admin/p/shop/production/"
    client.get("/admin/p/shop/staging/")
    assert client.get("/admin/").headers["Location"] == "/admin/p/shop/staging/"


def test_without_a_project_the_first_step_is_taught() -> None:
    assert "Create a project" in visit().get("/admin/").content.decode()
    assert "Ask an Administrator" in visit("Viewer").get("/admin/").content.decode()


def test_new_environment_has_an_overview_at_once(project: Project) -> None:
    services.create_environment(project_id=project.pk, key="eu", name="EU", kind="STAGING", actor=ACTOR, at=AT)
    assert "Shop" in seen(environment="eu")
