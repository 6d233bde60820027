"""Routes: their pages, their API, their order, and what deleting one would change."""

from typing import Any

import pytest

from apps.alerts import services
from apps.alerts.models import Route
from apps.core.models import AuditEntry, Environment
from tests.callers import as_role
from tests.factories import AT, make_channel, make_project, make_rule
from tests.factories.delivery import make_route
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db
API = "/api/v1/projects/shop/routes/"
TEAM = {"label": "team", "match": "=", "value": "web"}


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def visitor(environment: Environment) -> Visitor:
    return Visitor(environment.project, role="Operator")


def typed(**fields: Any) -> dict[str, Any]:
    rows = {"matchers-label": ["team"], "matchers-match": ["="], "matchers-value": ["web"]}
    return {"version": 1, "key": "web", "grouping": "labels", "group_by": "alertname", "reason": "x", **rows, **fields}


def order() -> list[str]:
    return list(Route.objects.order_by("position").values_list("key", flat=True))


def test_without_routes_the_page_says_what_goes_where(visitor: Visitor) -> None:
    page = visitor.get("channel-routes")
    shows(page, "Severity alone decides who is told", "warnings to Slack and webhooks alone", "New route")
    shows(visitor.get("channel-list"), visitor.url("channel-routes"))
    shows(visitor.get("channel-route-new"), "How routes work")


def test_a_route_is_made_shown_and_changed(environment: Environment, visitor: Visitor) -> None:
    make_channel(environment.project, key="ops")
    make_channel(environment.project, key="quiet", off=True)
    shows(visitor.get("channel-route-new"), "Quiet (off)")
    sent = typed(channels=["ops", "quiet"], group_by="alertname, team", continues="on")
    assert visitor.post("channel-route-new", sent).status_code == 302
    row = Route.objects.get()
    assert (row.key, row.matchers, row.channels, row.group_by, row.continues) == (
        "web",
        [TEAM],
        ["ops", "quiet"],
        ["alertname", "team"],
        True,
    )
    page = visitor.get("channel-routes")
    shows(
        page, 'team="web"', "Quiet", "one for all with the same alertname, team", "the routes below are asked as well"
    )
    shows(page, "An alert that no route fits goes nowhere.")
    shows(visitor.get("channel-route", key="web"), 'value="team"', 'value="alertname, team"', "created the route")
    changed = {"key": "all", "matchers-label": "", "matchers-match": "=", "matchers-value": "", "grouping": "each"}
    assert visitor.post("channel-route", typed(**changed), key="web").status_code == 302
    row.refresh_from_db()
    assert (row.key, row.matchers, row.channels, row.group_by, row.continues) == ("all", [], [], None, False)
    page = visitor.get("channel-routes")
    shows(page, "all that come this far", "nowhere, on purpose", "one for each alert")
    assert "An alert that no route fits goes nowhere." not in text(page)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"key": ""}, "Key: This field is required."),
        ({"key": "No Key"}, "Key: "),
        ({"key": "taken"}, "Key: There is a route taken here already."),
        ({"matchers-label": "1x"}, "Row 1: is no name of a label"),
        ({"matchers-match": "=~", "matchers-value": "("}, "Alerts whose labels fit: Row 1"),
        ({"channels": ["nothing"]}, "Go to: Select a valid choice."),
        ({"group_by": "ok 1x"}, "Row 2: is no name of a label"),
        ({"grouping": "x"}, "Notices: Select a valid choice."),
        ({"version": ""}, "The form lost its version."),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    environment: Environment, visitor: Visitor, fields: dict[str, Any], told: str
) -> None:
    make_route(environment.project, key="taken")
    page = visitor.post("channel-route-new", typed(**fields))
    assert page.status_code == 422
    shows(page, told)
    assert order() == ["taken"]


def test_more_rows_are_had_without_a_script(visitor: Visitor) -> None:
    page = visitor.post("channel-route-new", typed(more="matchers", key=""))
    assert page.status_code == 200
    assert text(page).count('name="matchers-label"') == 1 + 4 + 1
    assert "This field is required" not in text(page)


def test_a_stale_form_keeps_what_was_typed(environment: Environment, visitor: Visitor) -> None:
    make_route(environment.project, key="web")
    assert visitor.post("channel-route", typed(), key="web").status_code == 302
    stale = visitor.post("channel-route", typed(group_by="team"), key="web")
    assert stale.status_code == 409
    shows(stale, "Somebody saved this route", 'value="team"', 'name="version" value="2"')


def test_routes_are_moved_up_and_down_and_no_further(environment: Environment, visitor: Visitor) -> None:
    for key in "abc":
        make_route(environment.project, key=key)
    for key, to, expected in (("c", "up", "acb"), ("a", "down", "cab"), ("c", "up", "cab"), ("b", "down", "cab")):
        assert visitor.post("channel-route-move", {"to": to}, key=key).status_code == 302
        assert "".join(order()) == expected
    assert AuditEntry.objects.filter(kind="alerts.route_changed", reason="moved up").count() == 2
    stale = visitor.client.post(visitor.url("channel-route-move", key="a"), {"to": "up", "version": 1}, follow=True)
    shows(stale, "Somebody changed this route while you were here")
    assert "".join(order()) == "cab"
    assert visitor.get("channel-route-move", key="a").status_code == 405


def test_deleting_shows_what_would_change_first(environment: Environment, visitor: Visitor) -> None:
    make_channel(environment.project, key="ops")
    make_channel(environment.project, key="web")
    make_rule(environment)
    make_rule(environment, key="slow", name="Slow answers", severity="info")
    make_route(environment.project, key="slow", matchers=[{"label": "alertname", "match": "=", "value": "slow"}])
    route = make_route(environment.project, key="all", channels=["web"])
    page = visitor.get("channel-route-delete", key="slow")
    shows(page, "What would change", "Slow answers", '<li class="diff-del">nobody</li><li class="diff-add">Web</li>')
    assert "Too many errors" not in text(page)
    moved = services.explain_deletion(route_id=route.pk, at=AT)
    assert [(one.rule.key, one.before, one.after) for one in moved] == [("errors", ("Web",), ())]
    assert order() == ["slow", "all"]
    done = visitor.post("channel-route-delete", {"version": 1, "reason": "not needed"}, key="slow")
    assert (done.status_code, order()) == (302, ["all"])
    assert AuditEntry.objects.get(kind="alerts.route_deleted").reason == "not needed"
    page = visitor.get("channel-route-delete", key="all")
    shows(page, "This is the last route.", '<li class="diff-del">Web</li><li class="diff-add">Ops, Web</li>')
    assert visitor.post("channel-route-delete", {"version": 9}, key="all").status_code == 409
    assert visitor.post("channel-route-delete", {"version": "x"}, key="all").status_code == 422
    assert order() == ["all"]
    assert visitor.get("channel-route-delete", key="slow").status_code == 404


def test_viewers_look_and_change_nothing(environment: Environment) -> None:
    make_route(environment.project, key="web")
    viewer = Visitor(environment.project, role="Viewer")
    assert "New route" not in text(viewer.get("channel-routes"))
    page = viewer.get("channel-route", key="web")
    shows(page, "<fieldset disabled>")
    assert "Save the route" not in text(page)
    assert viewer.post("channel-route", typed(), key="web").status_code == 403
    assert viewer.post("channel-route-new", typed()).status_code == 403
    assert viewer.post("channel-route-move", {"to": "up"}, key="web").status_code == 403
    assert viewer.post("channel-route-delete", {"version": 1}, key="web").status_code == 403
    assert viewer.get("channel-route-delete", key="web").status_code == 403


def test_a_route_of_another_project_is_not_there(environment: Environment, visitor: Visitor) -> None:
    make_route(make_project(key="other"), key="theirs")
    assert visitor.get("channel-route", key="theirs").status_code == 404
    assert visitor.post("channel-route-move", {"to": "up"}, key="theirs").status_code == 404


# The API


def test_routes_over_the_api(environment: Environment) -> None:
    make_channel(environment.project, key="ops")
    operator = as_role("Operator")
    made = operator.post(API, {"key": "web", "matchers": [TEAM], "channels": ["ops"], "reason": "x"}, format="json")
    assert made.status_code == 201
    assert {name: made.json()[name] for name in ("key", "position", "matchers", "channels", "group_by", "version")} == {
        "key": "web",
        "position": 0,
        "matchers": [TEAM],
        "channels": ["ops"],
        "group_by": ["alertname"],
        "version": 1,
    }
    first = operator.post(API, {"key": "first", "position": 0, "group_by": None}, format="json")
    assert (first.status_code, first.json()["group_by"]) == (201, None)
    assert [row["key"] for row in operator.get(API).json()["results"]] == ["first", "web"]
    change = {"position": 0, "continues": True, "expected_version": 1}
    assert operator.patch(f"{API}web/", change, format="json").json()["position"] == 0
    assert operator.patch(f"{API}web/", change, format="json").status_code == 409
    read = operator.get(f"{API}web/").json()
    assert (read["continues"], read["channels"], read["version"]) == (True, ["ops"], 2)
    assert operator.post(f"{API}web/delete/", {"expected_version": 1}, format="json").status_code == 409
    assert operator.post(f"{API}web/delete/", {"reason": "x"}, format="json").status_code == 204
    assert operator.get(f"{API}web/").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"key": "No Key"}, "key"),
        ({"matchers": [TEAM | {"label": "1x"}]}, "matchers[0].label"),
        ({"matchers": [{"label": "x"}]}, "matchers[0].match"),
        ({"channels": ["nothing"]}, "channels[0]"),
        ({"group_by": ["1x"]}, "group_by[0]"),
        ({"position": -1}, "position"),
        ({"position": 99_999}, "position"),
        ({"continues": "perhaps"}, "continues"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_makes_no_sense_is_named(environment: Environment, wrong: dict[str, Any], field: str) -> None:
    answer = as_role("Operator").post(API, {"key": "web"} | wrong, format="json")
    assert answer.status_code == 400
    assert field in [one["field"] for one in answer.json()["errors"]]
    assert not Route.objects.exists()


def test_who_may_not_change_routes(environment: Environment) -> None:
    make_route(environment.project, key="web")
    for caller in (as_role("Viewer"), as_role("Product")):
        assert caller.get(API).status_code == 200
        assert caller.post(API, {"key": "x"}, format="json").status_code == 403
        assert caller.patch(f"{API}web/", {"continues": True}, format="json").status_code == 403
        assert caller.post(f"{API}web/delete/", {}, format="json").status_code == 403
