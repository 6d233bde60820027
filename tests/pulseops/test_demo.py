"""The demo holds what the customer's document lists, made through the services, once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from apps.alerts.models import Incident, StatusPage
from apps.alerts.selectors import page_told
from apps.core import audit, sealer
from apps.core.models import AuditEntry, ChangeRequest, Environment, Project
from apps.flags import selectors, services
from apps.flags.live.rulesets import Rulesets
from apps.flags.models import FlagState, RolloutPlan, ScheduledChange
from pulseops.stack import demo
from tests.factories import AT

pytestmark = pytest.mark.django_db

# Key to percentage, as the customer's document states them; None is switched off.
LISTED = {
    "splitViewLayout": 100,
    "hoverReactions": 100,
    "sidebarTabs": 100,
    "focusMode": 100,
    "crmIntegration": 100,
    "toolsPanel": 100,
    "aiSummarization": 50,
    "smartFolders": 25,
    "voiceMessages": None,
}


@pytest.fixture(scope="module")
def facts(passing_rows: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[demo.DemoFacts]:
    with passing_rows(), override_settings(VAR_DIR=tmp_path_factory.mktemp("demo")):
        loaded = demo.ensure(at=AT)
        assert loaded is not None
        yield loaded


def percentage(state: FlagState) -> int | None:
    if state.status != "ON":
        return None
    if not state.rules:
        return 100
    return int(dict(state.rules[0]["serve"]["split"])["on"] / 1_000)


@pytest.mark.usefixtures("facts")
def test_the_nine_flags_are_as_the_document_lists_them() -> None:
    states = FlagState.objects.filter(environment__key="production").select_related("flag")
    states = states.exclude(flag__key="messageHistory")  # not on the list: it shows what rules can say
    assert {state.flag.key: percentage(state) for state in states} == LISTED


@pytest.mark.usefixtures("facts")
def test_one_incident_is_over_and_was_told_on_the_status_page() -> None:
    row = Incident.objects.get()
    took = (row.acknowledged_at, row.acted_at, row.resolved_at)
    minutes = [(moment - row.opened_at).total_seconds() / 60 for moment in took if moment]
    assert (row.environment.key, row.status, row.public, minutes) == ("production", "RESOLVED", True, [2, 14, 47])
    assert row.resolved_at is not None
    assert row.resolved_at < AT
    updates = row.updates.order_by("at")
    assert [update.public for update in updates] == [True, False, False, True, True]


@pytest.mark.usefixtures("facts")
def test_about_the_stated_share_of_users_is_served() -> None:
    rulesets = Rulesets()
    rulesets.refresh({})
    compiled = rulesets.get(Project.objects.get(key="demo").environments.get(key="production").pk)
    assert compiled is not None
    users = [compiled.evaluate("smartFolders", {"targetingKey": f"user-{n}"}, AT.timestamp()) for n in range(10_000)]
    assert 2_300 < sum(outcome is not None and outcome.value is True for outcome in users) < 2_700  # 25 %, 4.6 sigma


@pytest.mark.usefixtures("facts")
def test_one_flag_is_rolling_out_in_staging_and_went_on_by_itself() -> None:
    (plan,) = RolloutPlan.objects.select_related("state__environment", "state__flag")
    assert (plan.state.flag.key, plan.state.environment.key) == ("voiceMessages", "staging")
    assert (plan.status, plan.position, plan.due_at) == ("RUNNING", 1, AT + timedelta(days=3, hours=12))
    (told,) = selectors.tell([plan], at=AT)
    assert [(verdict.name, verdict.green) for verdict in told.verdicts] == [("error_rate_critical", True)]
    assert [reason.cause.value for reason in told.reasons] == ["time"]


@pytest.mark.parametrize(
    ("context", "variants"),
    [
        ({"targetingKey": "maya"}, {"unlimited"}),
        ({"targetingKey": "u", "country": "DE", "plan": "pro"}, {"unlimited", "long"}),
        ({"targetingKey": "u", "country": "DE", "plan": "free"}, {"short"}),
        ({"targetingKey": "u", "country": "US", "plan": "pro", "appVersion": "2.4"}, {"long"}),
    ],
)
@pytest.mark.usefixtures("facts")
def test_one_flag_shows_what_rules_can_say(context: dict[str, object], variants: set[str]) -> None:
    rulesets = Rulesets()
    rulesets.refresh({})
    compiled = rulesets.get(Project.objects.get(key="demo").environments.get(key="production").pk)
    assert compiled is not None
    outcome = compiled.evaluate("messageHistory", context, AT.timestamp())
    assert outcome is not None
    assert outcome.variant in variants


def test_both_people_can_log_in_and_the_second_administers(facts: demo.DemoFacts) -> None:
    people = {login.username: User.objects.get(username=login.username) for login in facts.logins}
    assert all(people[login.username].check_password(login.password) for login in facts.logins)
    assert [person.has_perm("auth.add_user") for person in people.values()] == [False, True]
    assert all(person.is_staff for person in people.values())


def test_a_second_start_loads_nothing_and_still_knows_the_logins(facts: demo.DemoFacts) -> None:
    entries = AuditEntry.objects.count()
    assert demo.ensure(at=AT) == facts
    assert AuditEntry.objects.count() == entries


@pytest.mark.usefixtures("facts")
def test_production_asks_for_approval_and_one_request_waits_for_the_administrator() -> None:
    production = Environment.objects.get(project__key="demo", key="production")
    assert production.approvals_needed == 1
    request = ChangeRequest.objects.get()
    assert (request.status, request.author_label, request.subject_label) == (
        "PENDING",
        "maya",
        "smartFolders in production",
    )
    omar = audit.person(User.objects.get(username="omar"))
    assert User.objects.get(username="omar").has_perm("flags.approve_change")
    services.approve_request(request_id=request.pk, actor=omar, at=AT)
    assert percentage(FlagState.objects.get(environment=production, flag__key="smartFolders")) == 50


@pytest.mark.usefixtures("facts")
def test_one_change_of_staging_is_scheduled_for_the_morning() -> None:
    (row,) = ScheduledChange.objects.select_related("state__environment", "state__flag")
    assert (row.state.environment.key, row.state.flag.key, row.status) == ("staging", "toolsPanel", "PENDING")
    services.apply_due_changes(at=row.apply_at)
    assert FlagState.objects.get(pk=row.state_id).status == "OFF"


@pytest.mark.usefixtures("facts")
def test_its_history_is_real_and_verifies() -> None:
    while sealer.seal():
        pass
    assert audit.verify().problem is None
    reasons = AuditEntry.objects.filter(subject_label="smartFolders in production").order_by("at")
    assert list(reasons.values_list("reason", flat=True)) == ["Week 1: 10 % of users", "Week 2: 25 % of users"]


@pytest.mark.usefixtures("facts")
def test_staging_has_an_override_with_an_end_and_a_flag_that_waits() -> None:
    states = {state.flag.key: state for state in FlagState.objects.filter(environment__key="staging")}
    assert states["smartFolders"].prerequisites == [{"flag": "aiSummarization", "variants": ["on"]}]
    (override,) = states["focusMode"].overrides
    assert (override["variant"], override["targeting_keys"]) == ("off", ["u-7"])
    assert datetime.fromisoformat(override["expires_at"]) == AT + timedelta(days=14)
    production = FlagState.objects.filter(environment__key="production")
    assert not production.exclude(prerequisites=[], overrides=[]).exists()


@pytest.mark.usefixtures("facts")
def test_every_flag_is_asked_for_and_none_looks_stale() -> None:
    states = FlagState.objects.select_related("flag", "environment", "activity")
    assert {state.activity.last_served_at for state in states} == {AT}
    assert [state for state in states if selectors.why_stale(state, at=AT)] == []


@pytest.mark.usefixtures("facts")
def test_production_has_a_public_status_page_that_checks_and_people_tell() -> None:
    page = StatusPage.objects.get()
    assert (page.slug, page.environment.key, page.published) == ("demo", "production", True)
    told = page_told(page, at=AT)
    assert [one.key for one in told.components] == ["portal", "exports", "chat"]
    assert told.sentence == "All systems are operational"
