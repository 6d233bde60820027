"""The base of our pages: who gets in, what is not found, what the frame holds."""

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.core import pages
from tests.core.visit import visit
from tests.factories import make_flag, make_project

pytestmark = pytest.mark.django_db


def test_strangers_are_sent_to_the_login_and_back() -> None:
    project = make_project()
    address = f"/admin/p/{project.key}/production/"
    answer = Client().get(address)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/admin/login/?next={address}"


@pytest.mark.parametrize("path", ["no-such/production", "shop/no-such", "shop/Production"])
def test_unknown_scope_is_not_found(path: str) -> None:
    make_project(key="shop")
    assert visit().get(f"/admin/p/{path}/").status_code == 404


def test_refusal_names_the_roles_that_may() -> None:
    make_project(key="shop")
    answer = visit("").get("/admin/p/shop/production/")
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "Administrator, Operator, Product, Viewer" in text
    assert "shop" not in text.lower().split("<main")[0].split("<body")[1]


def test_roles_with_all_of_the_permissions_are_named() -> None:
    assert pages.roles_with(["core.add_apikey", "flags.view_flag"]) == ["Administrator", "Operator"]
    assert pages.roles_with(["auth.change_user"]) == ["Administrator"]


def test_sidebar_hides_what_a_role_may_not_see() -> None:
    make_project(key="shop")
    assert "People" in visit().get("/admin/p/shop/production/").content.decode()
    assert "People" not in visit("Viewer").get("/admin/p/shop/production/").content.decode()


def test_current_page_is_marked() -> None:
    make_project(key="shop")
    text = visit().get("/admin/p/shop/production/").content.decode()
    assert '<a href="/admin/p/shop/production/" aria-current="page">' in text
    assert text.count('aria-current="page"') == 1


def test_switch_keeps_the_page() -> None:
    make_project(key="shop")
    text = visit().get("/admin/p/shop/production/timeline/").content.decode()
    assert 'href="/admin/p/shop/staging/timeline/"' in text


def test_switch_keeps_the_flag_between_environments() -> None:
    project = make_flag(key="checkout", project=make_project(key="shop")).project
    make_project(key="other")
    text = visit().get(f"/admin/p/{project.key}/production/flags/checkout/").content.decode()
    assert 'href="/admin/p/shop/staging/flags/checkout/"' in text


def test_switch_to_another_project_leaves_the_flag_for_the_list() -> None:
    make_flag(key="checkout", project=make_project(key="shop"))
    make_project(key="other")
    text = visit().get("/admin/p/shop/production/flags/checkout/").content.decode()
    assert 'href="/admin/p/other/production/flags/"' in text
    assert "/admin/p/other/production/flags/checkout/" not in text


def test_production_is_said_in_capitals_and_with_its_own_mark() -> None:
    make_project(key="shop")
    client = visit()
    production = client.get("/admin/p/shop/production/").content.decode()
    assert 'class="topbar scope-production"' in production
    assert '<span class="pill pill-killed">PRODUCTION</span>' in production
    assert "scope-production" not in client.get("/admin/p/shop/staging/").content.decode()


def test_two_tabs_stay_in_their_own_environments() -> None:
    make_project(key="shop")
    client = visit()
    client.get("/admin/p/shop/staging/")
    assert 'class="topbar scope-production"' in client.get("/admin/p/shop/production/").content.decode()
    assert "scope-production" not in client.get("/admin/p/shop/staging/").content.decode()


def test_pages_without_a_scope_link_back_to_the_last_one() -> None:
    make_project(key="shop")
    client = visit()
    client.get("/admin/p/shop/staging/")
    assert 'href="/admin/p/shop/staging/flags/"' in client.get(reverse("admin:core_apikey_changelist")).content.decode()


def test_remembered_scope_that_is_gone_does_no_harm() -> None:
    make_project(key="shop")
    client = visit()
    session = client.session
    session["scope"] = ["gone", "production"]
    session.save()
    assert client.get("/admin/").headers["Location"] == "/admin/p/shop/production/"


def test_actor_is_the_person() -> None:
    client = visit()
    request = RequestFactory().get("/")
    request.user = client.get("/admin/").wsgi_request.user
    actor = pages.person(request)
    assert (actor.kind, actor.label) == ("USER", request.user.get_username())


@pytest.mark.parametrize("role", ["", "Viewer"])
def test_error_pages_stand_alone(role: str) -> None:
    answer = visit(role).get("/admin/p/no-such/production/")
    assert "There is nothing here" in answer.content.decode()


def test_server_error_page_needs_no_database(django_assert_num_queries: object) -> None:
    from django.views.defaults import server_error

    with django_assert_num_queries(0):  # type: ignore[operator]
        answer = server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert b"Something broke on our side" in answer.content


def test_expired_form_says_what_to_do() -> None:
    client = visit(enforce_csrf_checks=True)
    answer = client.post(reverse("admin:core_project_add"), {"name": "x"})
    assert answer.status_code == 403
    assert "open for too long" in answer.content.decode()
