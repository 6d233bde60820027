"""The four roles as the database knows them."""

import pytest
from django.contrib.auth.models import Permission

from pulseops.roles import ROLES
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_every_named_permission_exists() -> None:
    known = {f"{app}.{name}" for app, name in Permission.objects.values_list("content_type__app_label", "codename")}
    assert {name for names in ROLES.values() for name in names} <= known


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("Viewer", "flags.view_flag", "flags.change_flagstate"),
        ("Product", "flags.kill_flag", "core.add_apikey"),
        ("Operator", "core.add_apikey", "auth.add_user"),
        ("Administrator", "auth.add_user", "auth.add_group"),
    ],
)
def test_role_may_its_own_and_no_more(role: str, may: str, may_not: str) -> None:
    user = make_user(role=role)
    assert user.has_perm(may)
    assert not user.has_perm(may_not)


def test_each_role_holds_what_the_one_before_holds() -> None:
    viewer, product, operator, administrator = (set(ROLES[name]) for name in ROLES)
    assert viewer < product < operator < administrator


def test_nobody_may_rewrite_what_machines_write() -> None:
    written = ("auditentry", "auditseal", "auditpending", "flagusage", "flagstateversion", "tick", "ruleset")
    granted = {name for names in ROLES.values() for name in names}
    assert not [name for name in granted if name.endswith(written) and ".view_" not in name]
