"""Logging in, being locked out, changing one's password, logging out."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.models import AuditEntry
from tests.core.visit import visit
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db
LOGIN = "/admin/login/"


def attempt(client: Client, username: str = "ada", password: str = PASSWORD) -> object:
    return client.post(LOGIN, {"username": username, "password": password, "next": "/admin/"})


@pytest.fixture
def client() -> Client:
    make_user(username="ada", role="Viewer")
    return Client()


def test_login_leads_to_the_overview(client: Client) -> None:
    answer = client.post(LOGIN, {"username": "ada", "password": PASSWORD, "next": "/admin/"}, follow=True)
    assert answer.status_code == 200
    assert "Log out" in answer.content.decode()


def test_wrong_password_keeps_the_name_and_says_so(client: Client) -> None:
    text = client.post(LOGIN, {"username": "ada", "password": "wrong"}).content.decode()
    assert 'value="ada"' in text
    assert "error-summary" in text


def lock(client: Client) -> str:
    for _try in range(4):
        assert client.post(LOGIN, {"username": "ada", "password": "wrong"}).status_code == 200
    answer = client.post(LOGIN, {"username": "ada", "password": "wrong"})
    assert answer.status_code == 429
    return answer.content.decode()


def test_fifth_failure_locks_and_the_page_says_how_long_and_what_to_do(client: Client) -> None:
    text = lock(client)
    assert "15 minutes" in text
    assert "ask an Administrator" in text


def test_right_password_does_not_open_a_locked_account(client: Client) -> None:
    lock(client)
    assert client.post(LOGIN, {"username": "ada", "password": PASSWORD}).status_code == 429
    assert "_auth_user_id" not in client.session


def test_other_people_at_the_same_address_are_not_locked(client: Client) -> None:
    make_user(username="bob", role="Viewer")
    lock(client)
    assert client.post(LOGIN, {"username": "bob", "password": PASSWORD}).status_code == 302


def test_lock_ends_by_itself(client: Client) -> None:
    lock(client)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert client.post(LOGIN, {"username": "ada", "password": PASSWORD}).status_code == 302


def test_password_change_works_and_wants_the_old_one() -> None:
    client = visit("Viewer")
    address = reverse("admin:password_change")
    new = {"new_password1": "brand new passphrase", "new_password2": "brand new passphrase"}
    refused = client.post(address, {"old_password": "wrong"} | new)
    assert "error-summary" in refused.content.decode()
    done = client.post(address, {"old_password": PASSWORD} | new, follow=True)
    assert "Your password is changed" in done.content.decode()
    entry = AuditEntry.objects.get(kind="core.password_changed")
    assert entry.actor_label == entry.subject_label
    assert client.get(reverse("admin:password_change")).status_code == 200  # the session goes on


def test_logout_needs_a_post() -> None:
    client = visit("Viewer")
    assert client.get(reverse("admin:logout")).status_code == 405
    assert "You are logged out" in client.post(reverse("admin:logout")).content.decode()
    assert client.get("/admin/").status_code == 302


def test_person_who_may_not_use_the_admin_stays_outside() -> None:
    make_user(username="eve", is_staff=False)
    answer = Client().post(LOGIN, {"username": "eve", "password": PASSWORD})
    assert answer.status_code == 200
    assert "error-summary" in answer.content.decode()
