"""API keys in the admin: shown once, rotated, revoked, always with a POST."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from apps.core import clock
from apps.core.domain import keys
from apps.core.models import ApiKey, AuditEntry
from tests.core.visit import visit
from tests.factories import make_key, make_project

pytestmark = pytest.mark.django_db


def issue(client: Client, **fields: object) -> str:
    environment = make_project().environments.get(key="production")
    sent = {"kind": "SERVER", "name": "Backend", "environment": environment.pk} | fields
    return client.post(reverse("admin:core_apikey_add"), sent).content.decode()


def token_in(text: str, kind: str = "server") -> str:
    start = text.index(f"pulse_{kind}_")
    return text[start : text.index("<", start)]


def test_token_is_shown_once_with_a_command_to_try() -> None:
    client = visit("Operator")
    text = issue(client)
    token = token_in(text)
    key = ApiKey.objects.get()
    assert bytes(key.digest) == keys.digest(token)
    assert escape(f"Authorization: Bearer {token}") in text
    assert "/ofrep/v1/evaluate/flags" in text
    again = client.get(reverse("admin:core_apikey_change", args=[key.pk])).content.decode()
    assert token not in again


def test_page_with_the_token_is_not_kept_by_browsers() -> None:
    environment = make_project().environments.get(key="production")
    sent = {"kind": "SERVER", "name": "Backend", "environment": environment.pk}
    answer = visit().post(reverse("admin:core_apikey_add"), sent)
    assert "no-store" in answer.headers["Cache-Control"]


def test_client_key_stays_readable_because_it_is_public() -> None:
    client = visit("Operator")
    token = token_in(issue(client, kind="CLIENT"), "client")
    assert token in client.get(reverse("admin:core_apikey_change", args=[ApiKey.objects.get().pk])).content.decode()


def test_management_key_works_in_the_project_and_may_write() -> None:
    text = issue(visit("Operator"), kind="MANAGEMENT", write="on")
    key = ApiKey.objects.get()
    assert key.environment is None
    assert key.scopes == ["read", "write"]
    assert "/api/v1/projects/" in text


def test_other_kinds_may_not_write() -> None:
    text = issue(visit("Operator"), write="on")
    assert "Only management keys may change things" in text
    assert not ApiKey.objects.exists()


def test_expiry_is_the_end_of_the_chosen_day() -> None:
    issue(visit("Operator"), expires_at="2030-05-01")
    expires_at = ApiKey.objects.get().expires_at
    assert expires_at is not None
    assert expires_at.isoformat().startswith("2030-05-01T23:59:59")


def test_rotation_shows_the_successor_and_leaves_the_old_one_a_day() -> None:
    client = visit("Operator")
    old = make_key(environment=make_project().environments.get(key="production"), server=True).key
    address = reverse("admin:core_apikey_rotate", args=[old.pk])
    assert "Issue the new key" in client.get(address).content.decode()
    assert ApiKey.objects.count() == 1
    token = token_in(client.post(address, {"reason": "quarterly"}).content.decode())
    assert bytes(ApiKey.objects.get(replaces=old).digest) == keys.digest(token)
    assert AuditEntry.objects.get(kind="core.key_rotated").reason == "quarterly"


def test_key_cannot_be_rotated_twice() -> None:
    client = visit("Operator")
    old = make_key(environment=make_project().environments.get(key="production"), server=True).key
    address = reverse("admin:core_apikey_rotate", args=[old.pk])
    client.post(address, {"reason": ""})
    answer = client.post(address, {"reason": ""})
    assert answer.status_code == 409
    assert "has a successor" in answer.content.decode()
    text = client.get(reverse("admin:core_apikey_change", args=[old.pk])).content.decode()
    assert f'href="{address}"' not in text
    assert "Replaced by" in text


def test_expiry_in_the_past_is_said_at_its_field() -> None:
    text = issue(visit("Operator"), expires_at="2020-01-01")
    assert "Expires on: This moment has passed." in text
    assert not ApiKey.objects.exists()


def test_revocation_needs_a_reason_and_a_post() -> None:
    client = visit("Operator")
    key = make_key(environment=make_project().environments.get(key="production")).key
    address = reverse("admin:core_apikey_revoke", args=[key.pk])
    client.get(address)
    assert client.post(address, {"reason": ""}).status_code == 422
    key.refresh_from_db()
    assert key.revoked_at is None
    assert client.post(address, {"reason": "leaked"}).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_revoking_twice_says_so() -> None:
    client = visit("Operator")
    key = make_key(environment=make_project().environments.get(key="production"), revoked=True).key
    answer = client.post(reverse("admin:core_apikey_revoke", args=[key.pk]), {"reason": "again"})
    assert answer.status_code == 409
    assert "Issue a new one" in answer.content.decode()


@pytest.mark.parametrize("page", ["rotate", "revoke"])
def test_viewer_may_neither_rotate_nor_revoke(page: str) -> None:
    key = make_key(environment=make_project().environments.get(key="production")).key
    client = visit("Viewer")
    address = reverse(f"admin:core_apikey_{page}", args=[key.pk])
    assert client.get(address).status_code == 403
    assert client.post(address, {"reason": "x"}).status_code == 403
    key.refresh_from_db()
    assert key.revoked_at is None


def test_list_tells_usable_expiring_expired_and_revoked_keys_apart() -> None:
    environment = make_project().environments.get(key="production")
    soon = clock.now() + timedelta(days=3)
    make_key(environment=environment, name="a")
    make_key(environment=environment, name="b", expires_at=soon)
    make_key(environment=environment, name="c", expired=True)
    make_key(environment=environment, name="d", revoked=True)
    text = visit("Viewer").get(reverse("admin:core_apikey_changelist")).content.decode()
    for word in ("Usable", "Expiring", "Expired", "Revoked"):
        assert f">{word}</span>" in text
