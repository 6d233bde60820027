"""What a flag served last, and since when it has served nothing else: written with the counts, in whatever order
the nodes write."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core.models import Project
from apps.flags import services
from apps.flags.models import FlagActivity
from tests.factories import make_flag, make_project

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, 0, 5, tzinfo=UTC)


@pytest.fixture
def project() -> Project:
    project = make_project()
    make_flag(project=project, key="it")
    return project


def served(project: Project, minutes: int, **counts: int) -> None:
    """`counts` of these variants, so many minutes after noon, in production."""
    production = project.environments.get(key="production").pk
    given = {(production, "it", variant): count for variant, count in counts.items()}
    services.add_usage(counts=given, at=NOON + timedelta(minutes=minutes))


def known(project: Project) -> tuple[str, int, int]:
    """Variant, minutes after noon of the last service, and since when it is alone."""
    row = FlagActivity.objects.get(state__flag__project=project)
    times = (row.last_served_at, row.since)
    return row.variant, *(round((at - NOON) / timedelta(minutes=1)) for at in times)  # type: ignore[return-value]


def test_the_first_service_makes_the_row_for_this_environment(project: Project) -> None:
    assert not FlagActivity.objects.exists()
    served(project, 0, on=1)
    assert FlagActivity.objects.get().state.environment.key == "production"
    assert known(project) == ("on", 0, 0)


def test_the_same_variant_alone_keeps_since(project: Project) -> None:
    for minutes in (0, 10, 90):
        served(project, minutes, on=5)
    assert known(project) == ("on", 90, 0)


def test_another_variant_begins_now(project: Project) -> None:
    served(project, 0, on=1)
    served(project, 10, off=1)
    assert known(project) == ("off", 10, 10)


def test_several_variants_at_once_begin_anew_each_time(project: Project) -> None:
    served(project, 0, on=1)
    served(project, 10, on=7, off=2)
    assert known(project) == ("on", 10, 10)
    served(project, 20, on=7, off=2)
    assert known(project) == ("on", 20, 20)
    served(project, 30, on=1)
    assert known(project) == ("on", 30, 20)


def test_the_most_frequent_of_several_is_the_last_one(project: Project) -> None:
    served(project, 0, a=1, b=3, c=3)
    assert known(project)[0] == "b"


def test_counts_that_had_to_wait_do_not_turn_back_the_clock(project: Project) -> None:
    served(project, 60, on=1)
    served(project, 0, on=4)
    assert known(project) == ("on", 60, 60)
    served(project, 30, off=1)
    assert known(project) == ("on", 60, 60)


def test_a_late_count_of_another_variant_ends_being_alone_then(project: Project) -> None:
    served(project, 0, on=1)
    served(project, 60, on=1)
    served(project, 30, off=1)  # from a node that could not write for half an hour
    assert known(project) == ("on", 60, 30)


def test_unknown_flags_and_variants_harm_nothing(project: Project) -> None:
    production = project.environments.get(key="production").pk
    services.add_usage(counts={(production, "nothing", "on"): 1, (production, "it", "gone"): 1}, at=NOON)
    assert known(project) == ("gone", 0, 0)
