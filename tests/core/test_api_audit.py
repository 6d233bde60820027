"""The audit trail over REST, and pages by cursor."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from apps.core import audit
from apps.core.models import Project
from tests.callers import as_key, as_role
from tests.factories import AT, make_key, make_project

pytestmark = pytest.mark.django_db
AUDIT = "/api/v1/projects/shop/audit/"


@pytest.fixture
def shop() -> Project:
    return make_project(key="shop")


def note(project: Project, count: int, **facts: Any) -> None:
    defaults: dict[str, Any] = {
        "kind": "tests.noted",
        "actor": audit.system("tests"),
        "at": AT,
        "project_id": project.pk,
    }
    with transaction.atomic():
        for _ in range(count):
            audit.record(subject=project, **(defaults | facts))


def walk(client: APIClient, url: str | None, direction: str = "next") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while url:
        page = client.get(url).json()
        assert page.keys() == {"next", "previous", "results"}
        rows, url = [*rows, *page["results"]], page[direction]
    return rows


def test_an_entry_says_who_did_what_why_and_when(shop: Project) -> None:
    note(shop, 1, reason="because", changes={"name": ["a", "b"]})
    newest = as_role("Viewer").get(AUDIT).json()["results"][0]
    assert newest | {"id": 0, "request_id": ""} == {
        "id": 0,
        "at": "2026-01-05T09:00:00Z",
        "kind": "tests.noted",
        "project": "shop",
        "environment": None,
        "subject_type": "core.project",
        "subject_id": str(shop.pk),
        "subject_label": "shop",
        "actor": {"kind": "SYSTEM", "id": None, "label": "tests"},
        "reason": "because",
        "changes": {"name": ["a", "b"]},
        "request_id": "",
    }


def test_120_entries_of_one_moment_come_once_each_in_order(shop: Project) -> None:
    note(shop, 120)
    client = as_role("Viewer")
    rows = walk(client, f"{AUDIT}?kind=tests.noted")
    ids = [row["id"] for row in rows]
    assert len(ids) == 120
    assert ids == sorted(set(ids), reverse=True)


def test_pages_stay_put_while_entries_are_added(shop: Project) -> None:
    note(shop, 60)
    client = as_role("Viewer")
    first = client.get(f"{AUDIT}?kind=tests.noted&limit=40").json()
    note(shop, 30)
    second = client.get(first["next"]).json()
    assert len(second["results"]) == 20
    assert second["results"][0]["id"] < first["results"][-1]["id"]
    back = client.get(second["previous"]).json()
    assert back["results"] == first["results"]


@pytest.mark.parametrize(("limit", "rows"), [("3", 3), ("200", 120), ("9999", 120), ("0", 50), ("x", 50)])
def test_the_limit_is_kept_within_bounds(shop: Project, limit: str, rows: int) -> None:
    note(shop, 120)
    assert len(as_role("Viewer").get(f"{AUDIT}?kind=tests.noted&limit={limit}").json()["results"]) == rows


def test_no_page_holds_more_than_200(shop: Project) -> None:
    note(shop, 210)
    assert len(as_role("Viewer").get(f"{AUDIT}?limit=210").json()["results"]) == 200


def test_a_broken_cursor_is_refused(shop: Project) -> None:
    answer = as_role("Viewer").get(f"{AUDIT}?cursor=nonsense")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_filters_narrow(shop: Project) -> None:
    staging = shop.environments.get(key="staging")
    note(shop, 2, environment_id=staging.pk, at=AT + timedelta(days=1))
    client = as_role("Viewer")

    def count(query: str) -> int:
        return len(client.get(f"{AUDIT}?{query}").json()["results"])

    day = quote((AT + timedelta(days=1)).isoformat())
    assert count("kind=tests.noted") == 2
    assert count("environment=staging&kind=tests.noted") == 2
    assert count("environment=production&kind=tests.noted") == 0
    assert count(f"since={day}") == 2
    assert count(f"until={day}&kind=tests.noted") == 0
    assert count("subject_type=core.project&kind=core.project_created") == 1
    assert count("subject=shop&kind=core.project_created") == 1
    assert count(f"subject={shop.pk}&kind=core.project_created") == 1
    assert count("subject=other&kind=core.project_created") == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [("since=yesterday", "since"), ("environment=prod", "environment"), ("colour=red", "colour"), ("kind=%00", "kind")],
)
def test_bad_filters_are_named(shop: Project, query: str, field: str) -> None:
    answer = as_role("Viewer").get(f"{AUDIT}?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_other_projects_stay_out(shop: Project) -> None:
    note(make_project(key="blog"), 3)
    assert not as_key(make_key(project=shop, management=True)).get(f"{AUDIT}?kind=tests.noted").json()["results"]


def test_queries_do_not_grow_with_rows(shop: Project, django_assert_max_num_queries: Any) -> None:
    note(shop, 1)
    client = as_role("Viewer")
    for rows in (0, 60):
        note(shop, rows)
        with django_assert_max_num_queries(6):
            assert client.get(AUDIT).status_code == 200
