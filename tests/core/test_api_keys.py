"""API keys over REST."""

from datetime import timedelta

import pytest

from apps.core import clock
from apps.core.models import ApiKey, AuditEntry, Project
from tests.callers import as_key, as_role
from tests.factories import make_key, make_project

pytestmark = pytest.mark.django_db
KEYS = "/api/v1/projects/shop/keys/"


@pytest.fixture
def shop() -> Project:
    return make_project(key="shop")


def test_the_token_is_shown_once(shop: Project) -> None:
    operator = as_role("Operator")
    made = operator.post(KEYS, {"kind": "SERVER", "name": "Backend", "environment": "staging", "reason": "launch"})
    token, key = made.json()["token"], made.json()["key"]
    assert made.status_code == 201
    assert token.startswith("pulse_server_")
    assert token.endswith(key["hint"])
    assert (key["kind"], key["environment"], key["scopes"], key["expires_at"]) == ("SERVER", "staging", ["read"], None)
    read = operator.get(f"{KEYS}{key['id']}/")
    assert token not in read.content.decode()
    assert token not in operator.get(KEYS).content.decode()
    assert AuditEntry.objects.get(kind="core.key_issued").reason == "launch"


def test_a_client_key_stays_readable(shop: Project) -> None:
    made = as_role("Operator").post(KEYS, {"kind": "CLIENT", "name": "Web", "environment": "production"}).json()
    assert made["key"]["publishable_token"] == made["token"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "CLIENT", "name": "Web"}, "environment"),
        ({"kind": "CLIENT", "name": "Web", "environment": "prod"}, "environment"),
        ({"kind": "CLIENT", "name": "", "environment": "staging"}, "name"),
        ({"kind": "client", "name": "Web", "environment": "staging"}, "kind"),
        ({"kind": "MANAGEMENT", "name": "CI", "scopes": ["admin"]}, "scopes[0]"),
        ({"kind": "MANAGEMENT", "name": "CI", "scopes": []}, "scopes"),
        ({"kind": "MANAGEMENT", "name": "CI", "expires_at": "soon"}, "expires_at"),
        ({"kind": "MANAGEMENT", "name": "CI", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
    ],
)
def test_bad_keys_name_the_field(shop: Project, body: dict[str, object], field: str) -> None:
    answer = as_role("Operator").post(KEYS, body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not ApiKey.objects.exists()


def test_an_unknown_environment_says_which_there_are(shop: Project) -> None:
    answer = as_role("Operator").post(KEYS, {"kind": "CLIENT", "name": "Web", "environment": "prod"})
    message = answer.json()["errors"][0]["message"]
    assert message == "There is no environment 'prod' here; there are development, staging, production."


def test_an_expiry_is_kept(shop: Project) -> None:
    at = clock.now() + timedelta(days=30)
    made = as_role("Operator").post(KEYS, {"kind": "MANAGEMENT", "name": "CI", "expires_at": at.isoformat()})
    assert ApiKey.objects.get(pk=made.json()["key"]["id"]).expires_at == at


def test_rotating_issues_a_successor(shop: Project) -> None:
    old = make_key(project=shop, writing=True)
    rotated = as_role("Operator").post(f"{KEYS}{old.key.pk}/rotate/", {"reason": "yearly"})
    assert rotated.status_code == 201
    assert rotated.json()["key"]["replaces"] == old.key.pk
    assert rotated.json()["token"] != old.token
    assert as_key(old).get(KEYS).status_code == 200  # for one more day


def test_revoking_ends_a_key_at_once(shop: Project) -> None:
    old, operator = make_key(project=shop, writing=True), as_role("Operator")
    revoked = operator.post(f"{KEYS}{old.key.pk}/revoke/")
    assert (revoked.status_code, revoked.json()["revoked_at"] is None) == (200, False)
    assert as_key(old).get(KEYS).status_code == 401
    for action in ("revoke", "rotate"):
        again = operator.post(f"{KEYS}{old.key.pk}/{action}/")
        assert (again.status_code, again.json()["code"]) == (409, "key_not_usable")


@pytest.mark.parametrize("role", [None, "Viewer", "Product"])
def test_others_do_not_touch_keys(shop: Project, role: str | None) -> None:
    key, client = make_key(project=shop, management=True).key, as_role(role)
    body = {"kind": "MANAGEMENT", "name": "CI"}
    answers = [client.post(KEYS, body), *(client.post(f"{KEYS}{key.pk}/{name}/") for name in ("rotate", "revoke"))]
    assert [answer.status_code for answer in answers] == [403, 403, 403]


def test_keys_of_another_project_are_not_found(shop: Project) -> None:
    other = make_key(project=make_project(), management=True).key
    operator = as_role("Operator")
    assert operator.get(f"{KEYS}{other.pk}/").status_code == 404
    assert operator.post(f"{KEYS}{other.pk}/revoke/").status_code == 404
    assert operator.get(f"{KEYS}{10**30}/").status_code == 404
