"""The metric explorer."""

from datetime import timedelta

import pytest

from apps.core import clock
from apps.core.models import Environment
from apps.monitoring import services
from apps.monitoring.domain.rollups import rolled_up
from apps.monitoring.pages.metrics import heights
from apps.monitoring.selectors import Drawn
from tests.factories import AT, make_project, push
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db


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
    shows(page, "memory_used_ratio", "host=a", "host=b", "0.75", 'aria-label="memory_used_ratio since')
    assert text(page).count("<polyline") == 2


def test_an_unknown_name_or_stretch_shows_the_list(environment: Environment) -> None:
    push(environment, "active_users", (clock.now(), 3))
    visitor = Visitor(environment.project)
    for query in ("?name=nothing", "?name=active_users&for=ages", "?name=%00"):
        assert visitor.get("metric-list", query).status_code == 200


@pytest.mark.parametrize(("kind", "expected"), [("GAUGE", [4, 1, 6]), ("COUNTER", [0, 0, 5])])
def test_a_counter_is_drawn_as_its_growth(kind: str, expected: list[float]) -> None:
    points = [(AT + n * timedelta(minutes=1), value) for n, value in enumerate((4.0, 1.0, 6.0))]
    assert heights(Drawn((), kind, rolled_up(points, 60))) == expected


def test_viewers_may_look_and_strangers_may_not(environment: Environment) -> None:
    assert Visitor(environment.project, role="Viewer").get("metric-list").status_code == 200
