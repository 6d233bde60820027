"""Ctrl-K's answers."""

import pytest

from tests.core.visit import visit
from tests.factories import make_flag, make_project

pytestmark = pytest.mark.django_db


def found(words: str, role: str = "Viewer", project: str = "shop") -> dict[str, str]:
    query = {"q": words, "project": project, "environment": "production"}
    results = visit(role).get("/admin/search.json", query).json()["results"]
    return {result["label"]: result["url"] for result in results}


def test_everything_that_may_be_gone_to_is_offered_first() -> None:
    make_project(key="shop")
    labels = found("")
    assert {"Overview", "Flags", "Segments", "API keys", "Timeline", "Health"} <= labels.keys()
    assert "People" not in labels
    assert "People" in found("", "Administrator")


def test_pages_by_a_part_of_their_name() -> None:
    make_project(key="shop")
    assert found("SEGM") == {"Segments": "/admin/p/shop/production/segments/"}


def test_flags_by_key_name_or_description() -> None:
    project = make_project(key="shop")
    make_flag(project=project, key="newCheckout", name="Basket", description="for the summer")
    for words in ("checkout", "BASKET", "summer"):
        assert found(words) == {"newCheckout": "/admin/p/shop/production/flags/newCheckout/"}


def test_flags_of_other_projects_are_not_found() -> None:
    make_project(key="shop")
    make_flag(project=make_project(key="other"), key="secret")
    assert found("secret") == {}


def test_person_without_a_role_finds_nothing_of_the_project() -> None:
    make_flag(project=make_project(key="shop"), key="secret")
    assert found("secret", role="") == {}
    assert found("overview", role="") == {}


def test_unknown_scope_still_finds_pages_that_need_none() -> None:
    assert "API keys" in found("", project="no-such")
    assert "Flags" not in found("", project="no-such")


def test_strangers_get_nothing(client: object) -> None:
    from django.test import Client

    assert Client().get("/admin/search.json").status_code == 302
