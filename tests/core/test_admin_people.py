"""People and roles in the admin."""

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from apps.core.models import AuditEntry
from tests.core.visit import visit
from tests.factories import make_user

pytestmark = pytest.mark.django_db
GOOD = "a long enough passphrase"


def role(name: str) -> int:
    return Group.objects.get(name=name).pk


def test_new_person_has_a_role_and_may_log_in() -> None:
    sent = {"username": "ada", "password": GOOD, "roles": [role("Product")]}
    assert visit().post(reverse("admin:auth_user_add"), sent).status_code == 302
    ada = User.objects.get(username="ada")
    assert ada.check_password(GOOD)
    assert ada.is_staff
    assert ada.has_perm("flags.kill_flag")


def test_trail_names_the_person_and_never_the_password() -> None:
    visit().post(reverse("admin:auth_user_add"), {"username": "ada", "password": GOOD, "roles": [role("Viewer")]})
    entry = AuditEntry.objects.get(kind="core.person_added")
    assert entry.changes["roles"] == [None, ["Viewer"]]
    assert GOOD not in str(entry.changes)


@pytest.mark.parametrize("password", ["short", "12345678901", "password", "ada-lovelace"])
def test_weak_passwords_are_refused(password: str) -> None:
    sent = {"username": "ada-lovelace", "password": password}
    assert visit().post(reverse("admin:auth_user_add"), sent).status_code == 422
    assert not User.objects.filter(username="ada-lovelace").exists()


def test_taken_username_is_refused() -> None:
    make_user(username="ada")
    answer = visit().post(reverse("admin:auth_user_add"), {"username": "ada", "password": GOOD})
    assert answer.status_code == 422
    assert "already exists" in answer.content.decode()


def test_roles_change_and_the_trail_shows_from_what_to_what() -> None:
    ada = make_user(username="ada", role="Viewer")
    sent = {"is_active": "on", "roles": [role("Operator")], "reason": "on call"}
    visit().post(reverse("admin:auth_user_change", args=[ada.pk]), sent)
    entry = AuditEntry.objects.get(kind="core.person_changed")
    assert entry.changes == {"roles": [["Viewer"], ["Operator"]]}
    assert entry.reason == "on call"


def test_last_administrator_cannot_lock_everybody_out() -> None:
    client = visit()
    only = User.objects.get()
    answer = client.post(reverse("admin:auth_user_change", args=[only.pk]), {"is_active": "on", "roles": []})
    assert answer.status_code == 422
    assert "Nobody else could let people in" in answer.content.decode()
    assert only.groups.get().name == "Administrator"
    assert not AuditEntry.objects.filter(kind="core.person_changed").exists()


def test_new_password_is_checked_and_recorded_without_its_text() -> None:
    ada = make_user(username="ada")
    client = visit()
    address = reverse("admin:auth_user_password_change", args=[ada.pk])
    assert client.post(address, {"password": "short"}).status_code == 422
    assert client.post(address, {"password": GOOD}).status_code == 302
    ada.refresh_from_db()
    assert ada.check_password(GOOD)
    assert AuditEntry.objects.get(kind="core.password_changed").changes == {}


@pytest.mark.parametrize("role_name", ["", "Viewer", "Product", "Operator"])
def test_only_administrators_touch_people(role_name: str) -> None:
    ada = make_user(username="ada")
    client = visit(role_name)
    for name, args in (("add", []), ("change", [ada.pk]), ("password_change", [ada.pk]), ("history", [ada.pk])):
        assert client.get(reverse(f"admin:auth_user_{name}", args=args)).status_code == 403
    assert client.post(reverse("admin:auth_user_password_change", args=[ada.pk]), {"password": GOOD}).status_code == 403


def test_role_page_says_what_it_may_and_who_has_it() -> None:
    make_user(username="ada", role="Product")
    text = visit().get(reverse("admin:auth_group_change", args=[role("Product")])).content.decode()
    assert "Can kill a flag" in text
    assert "ada" in text
