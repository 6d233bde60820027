"""The metric explorer and the event inspector."""

from datetime import timedelta

import pytest

from apps.core import audit, clock
from apps.core.models import Environment
from apps.monitoring import services
from apps.monitoring.domain.events import read_event
from apps.monitoring.domain.rollups import rolled_up
from apps.monitoring.domain.values import Window
from apps.monitoring.models import TrackedEvent
from apps.monitoring.pages.metrics import points
from apps.monitoring.selectors import Drawn, cursor_of, events_after
from apps.monitoring.selectors.events import START
from apps.monitoring.services.events import Received, Turned
from tests.factories import ACTOR, AT, make_project, push
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db
WINDOW = Window(AT, timedelta(days=7), timedelta(minutes=5))


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


def test_an_empty_environment_teaches_how_to_push(environment: Environment) -> None:
    shows(Visitor(environment.project).get("metric-list"), "Nothing is measured here yet", "/api/v1/metrics")


def test_a_metric_is_drawn_with_its_series(environment: Environment) -> None:
    now = clock.now()
    for host, value in (("a", 0.5), ("b", 0.75)):
        push(environment, "memory_used_ratio", *((now - timedelta(minutes=n), value) for n in range(3)), host=host)
    services.roll_up()
    page = Visitor(environment.project).get("metric-list", "?name=memory_used_ratio&for=1h")
    shows(page, "memory_used_ratio", "host=a", "host=b", "75 %", 'aria-label="memory_used_ratio since')
    assert text(page).count("<polyline") == 2


def test_changes_and_alerts_are_marked_in_the_chart(environment: Environment) -> None:
    now = clock.now()
    push(environment, "active_users", *((now - timedelta(minutes=n), 3.0) for n in range(3)))
    services.roll_up()
    for kind in ("flags.state_changed", "alerts.fired", "alerts.resolved", "monitoring.check_down", "alerts.told"):
        audit.record(
            kind=kind,
            subject=environment,
            project_id=environment.project_id,
            environment_id=environment.pk,
            actor=ACTOR,
            reason=f"because of {kind}",
            at=now - timedelta(minutes=1),
            changes={},
        )
    page = Visitor(environment.project).get("metric-list", "?name=active_users&for=1h")
    shows(page, "because of flags.state_changed", "because of alerts.fired", "because of alerts.resolved")
    assert text(page).count('class="mark"') == 3
    assert "because of monitoring" not in text(page)


def test_an_unknown_name_or_stretch_shows_the_list(environment: Environment) -> None:
    push(environment, "active_users", (clock.now(), 3))
    visitor = Visitor(environment.project)
    for query in ("?name=nothing", "?name=active_users&for=ages", "?name=%00"):
        assert visitor.get("metric-list", query).status_code == 200


@pytest.mark.parametrize(("kind", "expected"), [("GAUGE", [240, 60, 360]), ("COUNTER", [1, 5])])
def test_a_counter_is_drawn_as_its_growth_a_second_also_when_it_begins_anew(kind: str, expected: list[float]) -> None:
    values = [(AT + n * timedelta(minutes=1), value) for n, value in enumerate((240.0, 60.0, 360.0))]
    assert [value for _at, value in points(Drawn((), kind, rolled_up(values, 60)))] == expected


def test_viewers_may_look_and_strangers_may_not(environment: Environment) -> None:
    assert Visitor(environment.project, role="Viewer").get("metric-list").status_code == 200


def track(environment: Environment, *names: str) -> None:
    services.make_partitions(at=AT)
    events = [read_event({"name": name, "targeting_key": "u-1", "properties": {"n": 1}}, WINDOW) for name in names]
    turned = [Turned(environment.pk, "name is missing", '{"nam": 1}', AT)]
    received = [Received(environment.pk, event, AT) for event in events]
    services.store_events(received=received, turned=turned)


def test_events_and_refusals_are_shown_newest_first(environment: Environment) -> None:
    track(environment, "message_sent", "thread_view")
    page = Visitor(environment.project, role="Viewer").get("event-list")
    shows(page, "u-1", "{&quot;n&quot;: 1}", "name is missing", "{&quot;nam&quot;: 1}", "/api/v1/events")
    assert text(page).index("thread_view") < text(page).index("?name=message_sent")
    narrowed = Visitor(environment.project).get("event-list", "?name=thread_view")
    assert "?name=message_sent" not in text(narrowed)
    shows(Visitor(environment.project).get("event-list", "?name=nothing"), "No such event")


def test_a_script_gets_the_lists_alone(environment: Environment) -> None:
    track(environment, "message_sent")
    visitor = Visitor(environment.project)
    lists = text(visitor.client.get(visitor.url("event-list"), headers={"X-Tail": "1"}))
    assert "message_sent" in lists
    assert "<html" not in lists


def test_a_reader_goes_on_where_it_was(environment: Environment) -> None:
    track(environment, "one", "two", "three")
    stored = list(TrackedEvent.objects.filter(environment=environment).order_by("position"))
    assert [event.name for event in stored] == ["one", "two", "three"]
    assert events_after(environment.pk, START) == []  # their transaction is still open: the test's own
    assert cursor_of(stored[1]) == (stored[1].transaction, 1)
