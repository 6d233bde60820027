"""The pages of incidents: what they show, what can be done there, what they refuse, and who may do what."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.alerts import services
from apps.alerts.models import Alert, Incident, Silence
from apps.core import clock
from apps.core.models import Environment
from apps.flags import services as flags
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.transitions import Change
from tests.factories import (
    ACTOR,
    make_component,
    make_delivery,
    make_flag,
    make_incident,
    make_project,
    make_rule,
    make_user,
    push,
    state_in,
)
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def visitor(environment: Environment) -> Visitor:
    return Visitor(environment.project, role="Operator")


def fire(environment: Environment, *hosts: str, **rule: Any) -> Incident:
    """Errors on these hosts, now."""
    now = clock.now()
    for host in hosts or ("a",):
        push(environment, "errors", (now, 9), host=host)
    make_rule(environment, at=now, **rule)
    services.judge_due(at=now)
    services.respond_due(at=now)
    return Incident.objects.get(automatic=True)


def test_without_incidents_the_page_says_where_they_come_from(visitor: Visitor) -> None:
    shows(visitor.get("incident-list"), "No incident is open", "opens one by itself", "New incident")


def test_open_ones_come_first_and_then_what_is_over(environment: Environment, visitor: Visitor) -> None:
    now = clock.now()
    make_incident(environment, title="Old", at=now - timedelta(hours=5), resolved_at=now - timedelta(hours=3))
    fire(environment)
    page = visitor.get("incident-list")
    shows(page, "Too many errors (host=a)", "1 alert, 1 open", "nobody took it on", "Old", "lasted 2 h")
    assert text(page).index("Too many errors (host=a)") < text(page).index("Old")


def test_an_incident_shows_all_that_is_known(environment: Environment, visitor: Visitor) -> None:
    make_flag(project=environment.project, key="checkout", on=True)
    make_delivery(environment)
    response = {"kind": "kill_flag", "flag": "checkout", "changed_within_seconds": 10**9}
    row = fire(environment, response=response)
    page = visitor.get("incident-detail", incident=row.pk)
    shows(page, "Critical", "Investigating", "Nobody yet", "by an alert", "9, above 5")
    shows(page, "killed checkout in production: everyone gets the off variant")
    shows(page, "is about to tell", "Ops", "opened the incident", "fired")
    shows(page, visitor.url("flag-detail", key="checkout"), visitor.url("alert-detail", alert=Alert.objects.get().pk))
    assert visitor.url("flag-kill", key="checkout") not in text(page)  # it is killed


def test_flags_changed_shortly_before_can_be_killed_from_there(environment: Environment, visitor: Visitor) -> None:
    now = clock.now()
    for key, minutes in (("late", 10), ("early", 70)):
        pk = state_in(make_flag(project=environment.project, key=key)).pk
        on: dict[str, Any] = {"change": Change(status=FlagStatus.ON), "actor": ACTOR, "reason": "launch"}
        flags.set_state(state_id=pk, at=now - minutes * MINUTE, expected_version=None, **on)
    page = visitor.get("incident-detail", incident=fire(environment).pk)
    shows(page, visitor.url("flag-kill", key="late"))
    assert visitor.url("flag-kill", key="early") not in text(page)


def test_it_is_taken_on_and_owned(environment: Environment, visitor: Visitor) -> None:
    row = fire(environment)
    assert visitor.post("incident-acknowledge", {}, incident=row.pk).status_code == 302
    assert visitor.post("incident-own", {}, incident=row.pk).status_code == 302
    row.refresh_from_db()
    assert (row.owner, row.acknowledged_at is not None) == (visitor.user, True)
    assert Alert.objects.get().acknowledged_by_label == visitor.user.username
    page = visitor.get("incident-detail", incident=row.pk)
    shows(page, "took on the incident", "changed the incident")
    assert "Take ownership" not in text(page)


def update(row: Incident, **fields: Any) -> dict[str, Any]:
    stands = {"version": row.version, "status": row.status, "impact": row.impact}
    return {**stands, "text": "The cache is full.", **fields}


def test_updates_are_posted_and_resolve_it(environment: Environment, visitor: Visitor) -> None:
    row = fire(environment)
    posted = update(row, status="IDENTIFIED", impact="DEGRADED", public="on", acted="on")
    assert visitor.post("incident-update", posted, incident=row.pk).status_code == 302
    row.refresh_from_db()
    assert (row.status, row.impact, row.public, row.acted_at is not None) == ("IDENTIFIED", "DEGRADED", True, True)
    shows(
        visitor.get("incident-detail", incident=row.pk), "wrote on the status page (Identified)", "The cache is full."
    )
    last = update(row, text="<b>Cleared.</b>", status="RESOLVED")
    assert visitor.post("incident-update", last, incident=row.pk).status_code == 302
    page = visitor.get("incident-detail", incident=row.pk)
    shows(page, "noted (Resolved)", "&lt;b&gt;Cleared.&lt;/b&gt;")
    assert visitor.post("incident-acknowledge", {}, incident=row.pk).status_code == 409


def test_a_stale_update_keeps_what_was_typed(environment: Environment, visitor: Visitor) -> None:
    row = fire(environment)
    typed = update(row)
    visitor.post("incident-own", {}, incident=row.pk)
    stale = visitor.post("incident-update", typed, incident=row.pk)
    assert stale.status_code == 409
    shows(stale, "Somebody changed this incident while you wrote", "The cache is full.", 'value="2"')
    assert visitor.post("incident-update", typed | {"version": 2}, incident=row.pk).status_code == 302


def test_an_update_without_words_is_refused_at_its_field(environment: Environment, visitor: Visitor) -> None:
    row = fire(environment)
    page = visitor.post("incident-update", update(row, text=" "), incident=row.pk)
    assert page.status_code == 422
    shows(page, "This field is required.")


def test_it_comes_back_by_no_update(environment: Environment, visitor: Visitor) -> None:
    row = make_incident(environment, resolved_at=clock.now())
    page = visitor.post("incident-update", update(row, status="INVESTIGATING"), incident=row.pk)
    assert page.status_code == 409
    shows(page, "It was resolved meanwhile")


def test_one_is_opened_by_hand_and_changed(environment: Environment, visitor: Visitor) -> None:
    make_component(environment, key="checkout")
    ann = make_user(username="ann", role="Operator")
    shows(visitor.get("incident-new"), "What is wrong", "Checkout")
    typed = {"title": "Mail is late", "severity": "warning", "impact": "DEGRADED", "components": ["checkout"]}
    assert visitor.post("incident-new", typed | {"title": ""}).status_code == 422
    made = visitor.post("incident-new", typed | {"text": "We look into it.", "public": "on"})
    row = Incident.objects.get()
    assert made.headers["Location"] == visitor.url("incident-detail", incident=row.pk)
    assert [one.key for one in row.components.all()] == ["checkout"]
    shows(
        visitor.get("incident-edit", incident=row.pk), "Mail is late", 'value="checkout" id="id_components_0" checked'
    )
    changed = {"version": 1, "title": "Mail is lost", "severity": "error", "owner": ann.pk, "reason": "worse"}
    assert visitor.post("incident-edit", changed, incident=row.pk).status_code == 302
    row.refresh_from_db()
    assert (row.title, row.severity, row.owner, row.public, row.components.count()) == (
        "Mail is lost",
        "error",
        ann,
        False,
        0,
    )
    stale = visitor.post("incident-edit", changed, incident=row.pk)
    assert stale.status_code == 409
    shows(stale, "Somebody changed this incident while you were here")


def test_an_alert_is_taken_out_and_put_in(environment: Environment, visitor: Visitor) -> None:
    row = fire(environment)
    alert = Alert.objects.get()
    shows(visitor.get("alert-detail", alert=alert.pk), visitor.url("incident-detail", incident=row.pk))
    assert visitor.post("incident-detach", {}, incident=row.pk, alert=alert.pk).status_code == 302
    shows(visitor.get("incident-detail", incident=row.pk), "No alert belongs to it.")
    assert visitor.post("incident-detach", {}, incident=row.pk, alert=alert.pk).status_code == 422
    shows(visitor.get("alert-detail", alert=alert.pk), "Add to the incident")
    assert visitor.post("incident-attach", {"alert": alert.pk}, incident=row.pk).status_code == 302
    assert visitor.post("incident-attach", {"alert": "x"}, incident=row.pk).status_code == 422
    alert.refresh_from_db()
    assert alert.incident == row


def test_the_silence_link_fills_the_form(environment: Environment, visitor: Visitor) -> None:
    row = fire(environment)
    page = visitor.get("incident-detail", incident=row.pk)
    link = next(part for part in text(page).split('"') if "/silences/new/?" in part).replace("&amp;", "&")
    form = visitor.client.get(link)
    shows(form, 'alertname="errors"', 'host="a"')
    assert not Silence.objects.exists()


def test_the_review_is_a_file(environment: Environment, visitor: Visitor) -> None:
    row = make_incident(environment, title="[click](javascript:x) *now*")
    file = visitor.get("incident-review", incident=row.pk)
    assert file.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert file.headers["Content-Disposition"] == f'attachment; filename="incident-{row.pk}.md"'
    assert text(file).startswith("# Incident: \\[click\\](javascript:x) \\*now\\*\n")


def test_another_environments_incident_is_not_shown_here(environment: Environment) -> None:
    row = fire(environment)
    elsewhere = Visitor(environment.project, role="Operator", environment="staging")
    assert elsewhere.get("incident-detail", incident=row.pk).status_code == 404
    assert elsewhere.post("incident-own", {}, incident=row.pk).status_code == 404
    assert "Too many errors" not in text(elsewhere.get("incident-list"))


def test_viewers_read_and_change_nothing(environment: Environment) -> None:
    row = fire(environment)
    viewer = Visitor(environment.project, role="Viewer")
    page = viewer.get("incident-detail", incident=row.pk)
    assert page.status_code == 200
    assert "Post an update" not in text(page)
    for name in ("update", "acknowledge", "own", "edit", "attach"):
        assert viewer.post(f"incident-{name}", {}, incident=row.pk).status_code == 403
    assert viewer.post("incident-new", {}).status_code == 403


def test_more_alerts_cost_no_more_queries(environment: Environment, visitor: Visitor) -> None:
    make_delivery(environment)
    row = fire(environment, "a")

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert visitor.get("incident-detail", incident=row.pk).status_code == 200
        return len(queries)

    visitor.get("incident-detail", incident=row.pk)
    one = cost()
    now = clock.now() + MINUTE
    for host in ("a", "b", "c", "d", "e"):
        push(environment, "errors", (now, 9), host=host)
    services.judge_due(at=now)
    services.post_update(incident_id=row.pk, text="More.", actor=ACTOR, at=now, expected_version=None)
    assert Alert.objects.filter(incident=row).count() == 5
    assert cost() == one


def test_a_storm_does_not_bury_what_is_open(environment: Environment, visitor: Visitor) -> None:
    hosts = [f"h{number}" for number in range(60)]
    row = fire(environment, *hosts)
    now = clock.now() + MINUTE
    for host in hosts:
        push(environment, "errors", (now, 1 if host != "h7" else 9), host=host)
    services.judge_due(at=now)
    assert Alert.objects.open().count() == 1
    page = text(visitor.get("incident-detail", incident=row.pk))
    shown = page[page.index('id="alerts-heading"') : page.index('id="changes-heading"')]
    assert shown.index("host=h7<") < shown.index("Over")
    assert "and 10 more" in shown


def test_the_overview_leads_to_the_incident(environment: Environment, visitor: Visitor) -> None:
    row = fire(environment, "a", "b")
    page = visitor.get("overview")
    shows(page, visitor.url("incident-detail", incident=row.pk), "2 alerts are open", "nobody took it on")
    assert not [one.pk for one in Alert.objects.all() if visitor.url("alert-detail", alert=one.pk) in text(page)]
