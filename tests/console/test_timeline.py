"""The timeline: the trail of one project as a stream."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client

from apps.core import audit
from apps.core.models import Project
from tests.core.visit import visit
from tests.factories import ACTOR, AT, make_flag, make_project

pytestmark = pytest.mark.django_db
ADDRESS = "/admin/p/shop/production/timeline/"


@pytest.fixture
def project() -> Project:
    return make_project(key="shop")


def written(project: Project, count: int, *, apart: timedelta = timedelta(0)) -> None:
    """Entries with reasons "n 0", "n 1" and so on, the last one newest."""
    for n in range(count):
        with transaction.atomic():
            at = AT + timedelta(days=1) + n * apart
            audit.record(
                kind="x.happened", subject=project, project_id=project.pk, actor=ACTOR, at=at, reason=f"n {n}."
            )


def reasons(text: str) -> list[int]:
    return [int(n) for n in re.findall(r"n (\d+)\.", text)]


@pytest.mark.parametrize("apart", [timedelta(0), timedelta(seconds=1), timedelta(microseconds=1)])
def test_pages_follow_each_other_without_gaps_or_repeats(project: Project, apart: timedelta) -> None:
    written(project, 70, apart=apart)
    client, address, found = visit("Viewer"), ADDRESS, []
    for _page in range(4):
        text = client.get(address).content.decode()
        found += reasons(text)
        older = re.search(r'href="(\?before=[^"]+)">Older', text)
        if older is None:
            break
        address = ADDRESS + older[1].replace("&amp;", "&")
    assert found == list(reversed(range(70)))


def test_filters_narrow_and_stay_on_the_next_page(project: Project) -> None:
    written(project, 40)
    make_flag(project=project, key="checkout", killed=True)
    client = visit("Viewer")
    text = client.get(ADDRESS, {"subject": "CHECKOUT", "kind": "flags.killed"}).content.decode()
    assert text.count('class="timeline-item"') == 1
    assert "killed" in text
    text = client.get(ADDRESS, {"kind": "x.happened"}).content.decode()
    assert re.search(r'href="\?kind=x\.happened&amp;before=[^"]+">Older', text)


def test_actor_filter(project: Project) -> None:
    client = visit("Viewer")
    assert 'class="timeline-item"' in client.get(ADDRESS, {"actor": ACTOR.label}).content.decode()
    assert "Nothing here" in client.get(ADDRESS, {"actor": "nobody"}).content.decode()


def test_differences_are_shown(project: Project) -> None:
    make_flag(project=project, on=True)
    text = visit("Viewer").get(ADDRESS, {"kind": "flags.state_changed"}).content.decode()
    assert '<del class="diff-del">' in text


@pytest.mark.parametrize("cursor", ["x", "-", "1e999-3", "nan-1", "99999999999999999-1", "1-99999999999999999999999"])
def test_mangled_cursor_starts_at_the_top(project: Project, cursor: str) -> None:
    assert visit("Viewer").get(ADDRESS, {"before": cursor}).status_code == 200


def test_markup_in_reasons_stays_text(project: Project) -> None:
    with transaction.atomic():
        words = "<script>alert(1)</script>"
        audit.record(kind="x.y", subject=project, project_id=project.pk, actor=ACTOR, at=AT, reason=words)
    assert "<script>alert" not in visit("Viewer").get(ADDRESS).content.decode()


def test_other_projects_stay_out(project: Project) -> None:
    written(make_project(key="other"), 3)
    assert reasons(visit("Viewer").get(ADDRESS).content.decode()) == []


def test_person_without_a_role_sees_nothing(project: Project) -> None:
    client: Client = visit("")
    assert client.get(ADDRESS).status_code == 403
