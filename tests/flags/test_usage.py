"""Usage as charts, as a sparkline and over the API: by variant, by environment, by the hour and by the day."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.flags import selectors, services, tasks
from apps.flags.domain.engine.definitions import FlagType
from apps.flags.models import Flag, FlagUsage
from apps.flags.pages import usage as pages
from apps.flags.selectors import Interval
from tests.callers import as_key, as_role
from tests.factories import make_flag, make_key, make_project, state_in
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db
AT = datetime.fromisoformat("2026-03-02T14:30:00+00:00")
USAGE = "/api/v1/projects/shop/flags/it/usage/"


@pytest.fixture
def flag() -> Flag:
    return make_flag(project=make_project(key="shop"), key="it", on=True)


def served(flag: Flag, at: datetime, *, environment: str = "production", **counts: int) -> None:
    pk = flag.project.environments.get(key=environment).pk
    services.add_usage(counts={(pk, flag.key, variant): count for variant, count in counts.items()}, at=at)


def used(flag: Flag, interval: Interval, days: float, **options: Any) -> selectors.Usage:
    return selectors.usage(flag, since=AT - timedelta(days=days), until=AT, interval=interval, **options)


def test_hours_before_a_moment_are_dropped_in_every_environment_and_batch_by_batch(flag: Flag) -> None:
    for hours in range(5):
        served(flag, AT - timedelta(hours=hours), on=1, off=1)
        served(flag, AT - timedelta(hours=hours), environment="staging", on=1)
    assert services.drop_usage(before=AT - timedelta(hours=2), batch=2) == 9  # three each of 12, 11 and 10 o'clock
    kept = FlagUsage.objects.values_list("hour", flat=True)
    assert {hour.hour for hour in kept} == {14, 13}
    assert services.drop_usage(before=AT - timedelta(hours=2)) == 0


def test_beat_drops_what_is_older_than_the_installation_keeps(flag: Flag, settings: Any) -> None:
    settings.USAGE_DAYS = 30
    now = clock.now()
    served(flag, now - timedelta(days=31), on=1)
    served(flag, now - timedelta(days=29), on=2)
    tasks.drop_usage()
    assert list(FlagUsage.objects.values_list("count", flat=True)) == [2]


def test_hours_and_days_begin_where_utc_says() -> None:
    east = datetime.fromisoformat("2026-03-02T01:45:00+05:30")  # 20:15 of the day before in UTC
    assert Interval.HOUR.start(east) == datetime.fromisoformat("2026-03-01T20:00:00+00:00")
    assert Interval.DAY.start(east) == datetime.fromisoformat("2026-03-01T00:00:00+00:00")


def test_counts_fall_into_their_hour_and_empty_hours_are_there(flag: Flag) -> None:
    served(flag, AT, on=3, off=1)
    served(flag, AT - timedelta(hours=2), on=5)
    served(flag, AT - timedelta(hours=3), on=100)  # too early
    found = used(flag, Interval.HOUR, 2 / 24).by_start()
    assert [(start.hour, counts) for start, counts in found] == [(12, {"on": 5}), (13, {}), (14, {"off": 1, "on": 3})]


def test_days_add_up_their_hours(flag: Flag) -> None:
    midnight = AT.replace(hour=0, minute=0)
    served(flag, midnight, on=2)
    served(flag, AT, on=3)
    served(flag, midnight - timedelta(seconds=1), on=10)
    found = used(flag, Interval.DAY, 1)
    assert [(start.day, counts) for start, counts in found.by_start()] == [(1, {"on": 10}), (2, {"on": 5})]
    assert found.total == 15


def test_environments_are_counted_apart_and_together(flag: Flag) -> None:
    served(flag, AT, on=3)
    served(flag, AT, environment="staging", on=4, off=5)
    found = used(flag, Interval.DAY, 0)
    assert (found.by_environment(), found.by_variant()) == ({"production": 3, "staging": 9}, {"off": 5, "on": 7})
    staging = flag.project.environments.get(key="staging")
    assert used(flag, Interval.DAY, 0, environment=staging).total == 9


def test_other_flags_are_not_counted(flag: Flag) -> None:
    served(make_flag(project=flag.project, key="other"), AT, on=3)
    assert used(flag, Interval.DAY, 0).total == 0


def test_one_query_counts_the_hours_of_many_flags(flag: Flag, django_assert_num_queries: Any) -> None:
    other = make_flag(project=flag.project, key="other")
    served(flag, AT, on=3, off=1)
    served(other, AT - timedelta(hours=1), on=9)
    served(other, AT, environment="staging", on=50)
    production = flag.project.environments.get(key="production")
    with django_assert_num_queries(1):
        found = selectors.hourly_totals([flag, other], production, since=AT - timedelta(hours=4))
    hour = Interval.HOUR.start(AT)
    assert found == {flag.pk: {hour: 4}, other.pk: {hour - timedelta(hours=1): 9}}


# --- The flag's page


def shown(flag: Flag) -> pages.Shown:
    return pages.shown(flag, state_in(flag), at=AT)


def test_variants_stand_in_the_flags_order_and_gone_ones_last(flag: Flag) -> None:
    served(flag, AT, off=1, on=2, ancient=3)
    chart = shown(flag).day
    assert chart.variants == [("on", 2), ("off", 1), ("ancient", 3)]
    assert chart.rows[-1] == (Interval.HOUR.start(AT), [2, 1, 3])


def test_the_sentence_has_total_shares_and_peak(flag: Flag) -> None:
    served(flag, AT, on=900, off=300)
    served(flag, AT - timedelta(hours=5), on=1_000, off=500)
    served(flag, AT - timedelta(days=3), on=40)
    assert shown(flag).day.words == (
        "2,700 evaluations in the last 24 hours: 1,900 on, 800 off; most from 09:00 UTC on, 1,500"
    )
    assert shown(flag).month.words == (
        "2,740 evaluations in the last 30 days: 1,940 on, 800 off; most on 2026-03-02, 2,700"
    )


def test_more_variants_than_colours_are_drawn_as_others_and_told_in_the_table() -> None:
    keys = "abcdef"
    flag = make_flag(type=FlagType.STRING, variants=[(key, key) for key in keys])
    served(flag, AT, a=2, b=2, c=2, d=2, e=2, f=2)
    chart = shown(flag).day
    assert chart.legend == [("a", 2), ("b", 2), ("c", 2), ("3 other variants", 6)]
    assert [key for key, _sum in chart.variants] == list(keys)
    assert chart.svg.count('class="bar-d"') == 1
    assert "3 other variants" in chart.words


def test_the_page_shows_charts_with_tables_and_the_last_evaluation(flag: Flag) -> None:
    visitor = Visitor(flag.project)
    shows(visitor.get("flag-detail", key="it"), "Last evaluated:", "never", "No app asked for this flag here")
    served(flag, clock.now(), on=1_234)
    page = visitor.get("flag-detail", key="it")
    shows(page, "Last 24 hours, by the hour", "Last 30 days, by the day", '<td class="number">1,234</td>', "just now")
    assert text(page).count('class="chart stacked" role="img" aria-label="1,234 evaluations in the last') == 2


def test_the_list_has_a_sparkline_and_the_last_evaluation(flag: Flag) -> None:
    make_flag(project=flag.project, key="silent")
    served(flag, clock.now(), on=7)
    page = Visitor(flag.project).get("flag-list")
    shows(page, "at most 7 in one", "never evaluated", "just now")
    assert text(page).count("<polyline") == 1


# --- The API


def counted(**by_variant: int) -> list[dict[str, Any]]:
    return [{"variant": variant, "count": count} for variant, count in by_variant.items()]


def test_without_a_query_the_last_day_of_every_environment(flag: Flag) -> None:
    served(flag, clock.now(), on=3)
    served(flag, clock.now(), environment="staging", off=4)
    answer = as_role("Viewer").get(USAGE).json()
    assert (answer["total"], answer["series"]) == (7, [])
    assert answer["variants"] == counted(off=4, on=3)
    places = {"environment": "production", "count": 3}, {"environment": "staging", "count": 4}
    assert answer["environments"] == list(places)


@pytest.mark.parametrize(("interval", "hours", "length"), [("hour", 48, 49), ("day", 720, 31)])
def test_a_series_has_every_hour_or_day(flag: Flag, interval: str, hours: int, length: int) -> None:
    served(flag, clock.now(), on=3)
    answer = as_role("Viewer").get(f"{USAGE}?interval={interval}&hours={hours}&environment=production").json()
    series = answer["series"]
    assert (len(series), series[0]["start"]) == (length, answer["since"])
    assert series[-1]["variants"] == counted(on=3)
    assert all(stretch["variants"] == [] for stretch in series[:-1])


def test_a_bound_key_counts_its_own_environment(flag: Flag) -> None:
    served(flag, clock.now(), on=3)
    served(flag, clock.now(), environment="staging", off=4)
    client = as_key(make_key(environment=flag.project.environments.get(key="staging"), management=True))
    answer = client.get(USAGE).json()
    assert (answer["total"], [one["environment"] for one in answer["environments"]]) == (4, ["staging"])
