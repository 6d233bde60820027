"""The page of silences: looked at before they are made, sorted by when they work, ended early."""

from datetime import timedelta

import pytest

from apps.alerts.models import Silence
from apps.core import clock
from apps.core.models import Environment
from tests.factories import make_alert, make_project, make_silence
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def visitor(environment: Environment) -> Visitor:
    return Visitor(environment.project, role="Operator")


def typed(matchers: str = 'alertname="errors"', *, hours: int = 1, **fields: str) -> dict[str, str]:
    until = (clock.now() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")
    return {"matchers": matchers, "starts_at": "", "ends_at": until, "reason": "planned work", **fields}


def test_a_silence_is_looked_at_made_and_ended(environment: Environment, visitor: Visitor) -> None:
    make_alert(environment, at=clock.now())
    shows(visitor.get("silence-list"), "Every alert is told", "New silence")
    shows(visitor.post("silence-new", typed(preview="1", reason="")), "Too many errors", "host=a")
    shows(visitor.post("silence-new", typed('host=~"b.*"', preview="1")), "None of those that are open now.")
    assert not Silence.objects.exists()
    assert visitor.post("silence-new", typed()).status_code == 302
    shows(visitor.get("silence-list"), "Active", 'alertname="errors"', "planned work", "End now")
    row = Silence.objects.get()
    assert (row.environment, row.matchers) == (environment, [{"label": "alertname", "match": "=", "value": "errors"}])
    assert visitor.post("silence-end", {}, silence=row.pk).status_code == 302
    page = visitor.get("silence-list")
    shows(page, "Past", "ended early")
    assert "End now" not in text(page)


def test_silences_are_sorted_by_when_they_work(environment: Environment, visitor: Visitor) -> None:
    hour, now = timedelta(hours=1), clock.now()
    for at, host in ((now - 2 * hour, "past"), (now, "now"), (now + hour, "later")):
        make_silence(environment, at=at, host=host)
    page = text(visitor.get("silence-list"))
    assert page.index("now&quot;") < page.index("later&quot;") < page.index("past&quot;")
    elsewhere = Visitor(environment.project, environment="staging")
    assert "later" not in text(elsewhere.get("silence-list"))
    assert (
        Visitor(environment.project, role="Operator", environment="staging")
        .post("silence-end", {}, silence=Silence.objects.latest("pk").pk)
        .status_code
        == 404
    )


def test_a_silence_of_the_whole_project_shows_everywhere(environment: Environment, visitor: Visitor) -> None:
    assert visitor.post("silence-new", typed(everywhere="on")).status_code == 302
    elsewhere = Visitor(environment.project, role="Viewer", environment="staging")
    shows(elsewhere.get("silence-list"), "every environment")


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (typed("errors"), '"errors" is not of the form label="value".'),
        (typed('host=~"("'), "matchers[0].value"),
        (typed('host=~".*"'), "match every alert"),
        (typed(hours=-1), "must be after the start"),
        (typed(reason=""), "Say why, so that others understand this later."),
    ],
)
def test_a_silence_at_fault_is_refused(visitor: Visitor, form: dict[str, str], told: str) -> None:
    page = visitor.post("silence-new", form)
    assert page.status_code == 422
    shows(page, told)
    assert not Silence.objects.exists()


def test_viewers_see_silences_and_make_none(environment: Environment) -> None:
    row = make_silence(environment, at=clock.now())
    viewer = Visitor(environment.project, role="Viewer")
    page = viewer.get("silence-list")
    shows(page, 'alertname="errors"')
    assert "End now" not in text(page)
    assert "New silence" not in text(page)
    assert viewer.post("silence-new", typed()).status_code == 403
    assert viewer.post("silence-end", {}, silence=row.pk).status_code == 403
