"""Projects, environments and keys on a real database."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.core import services
from apps.core.domain import keys
from apps.core.models import ApiKey, AuditEntry, Environment
from tests.factories import ACTOR, AT, make_flag, make_key, make_project

pytestmark = pytest.mark.django_db


def test_project_starts_with_three_environments_and_production_is_protected() -> None:
    project = make_project()
    rows = project.environments.order_by("position").values_list("key", "kind", "protected")
    assert list(rows) == [
        ("development", "DEVELOPMENT", False),
        ("staging", "STAGING", False),
        ("production", "PRODUCTION", True),
    ]


@pytest.mark.parametrize("key", ["", "Upper", "two words", "-lead", "trail-", "a--b", "ü", "x" * 51])
def test_project_key_must_fit_into_an_address(key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        services.create_project(key=key, name="x", actor=ACTOR, at=AT)
    assert set(caught.value.message_dict) == {"key"}


def test_project_change_moves_the_version_and_is_audited() -> None:
    project = make_project(name="Old")
    changed = services.update_project(
        project_id=project.pk, fields={"name": "New"}, actor=ACTOR, at=AT, expected_version=1, reason="rebrand"
    )
    entry = AuditEntry.objects.get(kind="core.project_changed")
    assert changed.version == 2
    assert (entry.changes, entry.reason) == ({"name": ["Old", "New"]}, "rebrand")


def test_stale_change_is_refused_and_nothing_is_kept() -> None:
    project = make_project(name="Old")
    services.update_project(project_id=project.pk, fields={"name": "A"}, actor=ACTOR, at=AT, expected_version=1)
    with pytest.raises(services.StaleVersion):
        services.update_project(project_id=project.pk, fields={"name": "B"}, actor=ACTOR, at=AT, expected_version=1)
    project.refresh_from_db()
    assert project.name == "A"


def test_change_without_a_difference_is_no_change() -> None:
    project = make_project(name="Same")
    services.update_project(project_id=project.pk, fields={"name": "Same"}, actor=ACTOR, at=AT, expected_version=1)
    project.refresh_from_db()
    assert project.version == 1
    assert not AuditEntry.objects.filter(kind="core.project_changed").exists()


def test_new_environment_gets_every_flag_turned_off() -> None:
    project = make_project()
    flag = make_flag(project=project, on=True)
    services.create_environment(
        project_id=project.pk, key="preview", name="Preview", kind=Environment.Kind.STAGING, actor=ACTOR, at=AT
    )
    state = flag.states.get(environment__key="preview")
    assert (state.status, state.default_variant, state.off_variant) == ("OFF", "on", "off")
    assert state.versions.count() == 1


def test_only_the_digest_of_a_server_key_is_kept() -> None:
    project = make_project()
    issued = make_key(server=True, environment=project.environments.get(key="staging"))
    row = ApiKey.objects.get(pk=issued.key.pk)
    assert bytes(row.digest) == keys.digest(issued.token)
    assert row.publishable_token == ""
    assert issued.token.endswith(row.hint)
    assert issued.token not in str(ApiKey.objects.values()) + str(AuditEntry.objects.values())


def test_client_key_stays_readable() -> None:
    issued = make_key(environment=make_project().environments.get(key="production"))
    assert ApiKey.objects.get(pk=issued.key.pk).publishable_token == issued.token


def test_database_refuses_the_text_of_a_secret_key() -> None:
    issued = make_key(server=True, environment=make_project().environments.get(key="production"))
    with pytest.raises(IntegrityError, match="core_apikey_secret_text_not_kept"), transaction.atomic():
        ApiKey.objects.filter(pk=issued.key.pk).update(publishable_token="leak")


def test_key_that_evaluates_needs_an_environment() -> None:
    with pytest.raises(services.EnvironmentMissing):
        make_key(server=True, project=make_project())


def test_rotation_keeps_the_old_key_for_a_day() -> None:
    old = make_key(server=True, environment=make_project().environments.get(key="production"))
    later = AT + timedelta(days=30)
    new = services.rotate_key(key_id=old.key.pk, actor=ACTOR, at=later)
    old.key.refresh_from_db()
    assert old.key.expires_at == later + timedelta(days=1)
    assert (new.key.kind, new.key.environment, new.key.replaces) == (old.key.kind, old.key.environment, old.key)
    assert new.key.expires_at is None
    assert new.token != old.token


def test_rotation_never_lengthens_the_old_keys_life_and_renews_its_lifetime() -> None:
    environment = make_project().environments.get(key="production")
    old = make_key(environment=environment, expires_at=AT + timedelta(days=10))
    almost_over = AT + timedelta(days=10) - timedelta(hours=2)
    new = services.rotate_key(key_id=old.key.pk, actor=ACTOR, at=almost_over)
    old.key.refresh_from_db()
    assert old.key.expires_at == AT + timedelta(days=10)
    assert new.key.expires_at == almost_over + timedelta(days=10)


@pytest.mark.parametrize("action", [services.rotate_key, services.revoke_key])
def test_revoked_key_takes_no_further_action(action: object) -> None:
    issued = make_key(environment=make_project().environments.get(key="production"), revoked=True)
    with pytest.raises(services.KeyNotUsable):
        action(key_id=issued.key.pk, actor=ACTOR, at=AT)  # type: ignore[operator]


def test_key_is_rotated_once_and_then_its_successor_is() -> None:
    old = make_key(environment=make_project().environments.get(key="production"))
    new = services.rotate_key(key_id=old.key.pk, actor=ACTOR, at=AT)
    with pytest.raises(services.KeyAlreadyRotated):
        services.rotate_key(key_id=old.key.pk, actor=ACTOR, at=AT)
    assert services.rotate_key(key_id=new.key.pk, actor=ACTOR, at=AT).key.replaces == new.key
