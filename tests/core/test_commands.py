"""`manage.py apikey` and `manage.py audit`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.core import sealer
from apps.core.domain import chain, keys
from apps.core.models import ApiKey, AuditEntry, AuditSeal, Project
from tests.factories import make_key, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo() -> Project:
    return make_project(key="demo")


def run(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


CREATE = ("apikey", "create", "--project", "demo", "--name", "CI")


def test_a_created_key_prints_its_token_alone_on_stdout(demo: Project) -> None:
    out, err = run(*CREATE, "--kind", "CLIENT", "--environment", "production")
    key = ApiKey.objects.get()
    assert bytes(key.digest) == keys.digest(out.strip())
    assert (key.kind, key.name, key.environment and key.environment.key) == ("CLIENT", "CI", "production")
    assert f"Key {key.pk}" in err
    assert AuditEntry.objects.get(kind="core.key_issued").actor_label == "command line"


def test_quiet_says_nothing_but_the_token(demo: Project) -> None:
    out, err = run(*CREATE, "--kind", "management", "--quiet")
    assert (out.startswith("pulse_management_"), out.count("\n"), err) == (True, 1, "")


@pytest.mark.parametrize(("scope", "scopes"), [([], ["read"]), (["--scope", "write"], ["read", "write"])])
def test_write_includes_read(demo: Project, scope: list[str], scopes: list[str]) -> None:
    run(*CREATE, "--kind", "management", *scope)
    assert ApiKey.objects.get().scopes == scopes


def test_a_key_can_expire(demo: Project) -> None:
    run(*CREATE, "--kind", "management", "--expires-in-days", "30")
    key = ApiKey.objects.get()
    assert key.expires_at is not None
    assert (key.expires_at - key.created_at).days == 30


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--kind", "client", "--environment", "prod"), "no environment 'prod' in demo; there are development, st"),
        (("--kind", "client", "--project", "dem"), "no project 'dem'; there are demo"),
        (("--kind", "client"), "needs --environment"),
        (("--kind", "admin"), "invalid choice: 'admin'"),
        (("--kind", "management", "--name", ""), "cannot be blank"),
        (("--kind", "management", "--expires-in-days", "0"), "has passed"),
    ],
)
def test_errors_say_what_there_is(demo: Project, arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        run(*CREATE, *arguments)
    assert not ApiKey.objects.exists()


def test_an_empty_portal_has_no_projects_to_name() -> None:
    with pytest.raises(CommandError, match="no project 'demo'; there are none yet"):
        run("apikey", "list", "--project", "demo")


def test_the_list_shows_what_works(demo: Project) -> None:
    assert "no keys yet" in run("apikey", "list", "--project", "demo")[0]
    make_key(project=demo, management=True, name="good")
    make_key(project=demo, management=True, name="old", expired=True)
    make_key(environment=demo.environments.get(key="staging"), name="gone", revoked=True)
    shown = run("apikey", "list", "--project", "demo")[0].splitlines()
    assert [line.split()[1] for line in shown] == ["client", "management", "management"]
    assert ["staging" in shown[0], "revoked" in shown[0], "gone" in shown[0]] == [True] * 3
    assert ("expired" in shown[1], "works" in shown[2], "every environment" in shown[2]) == (True, True, True)


def test_rotating_prints_the_new_token(demo: Project) -> None:
    old = make_key(project=demo, management=True)
    token = run("apikey", "rotate", str(old.key.pk), "--quiet")[0].strip()
    assert ApiKey.objects.get(replaces=old.key).digest == keys.digest(token)


def test_revoking_ends_a_key(demo: Project) -> None:
    issued = make_key(project=demo, management=True, name="CI")
    assert "CI" in run("apikey", "revoke", str(issued.key.pk))[0]
    assert ApiKey.objects.get().revoked_at is not None
    for action in ("rotate", "revoke"):
        with pytest.raises(CommandError, match="unknown, revoked or expired"):
            run("apikey", action, str(issued.key.pk))


def test_a_sealed_trail_holds(demo: Project) -> None:
    out, _ = run("audit", "verify")
    assert f"0 entries sealed, {AuditEntry.objects.count()} waiting" in out
    assert chain.GENESIS.hex() in out
    sealer.seal()
    out, _ = run("audit", "verify")
    assert f"{AuditEntry.objects.count()} entries sealed, 0 waiting" in out
    assert bytes(AuditSeal.objects.latest("position").digest).hex() in out


def test_an_earlier_head_is_still_among_the_links(demo: Project) -> None:
    sealer.seal()
    head = bytes(AuditSeal.objects.latest("position").digest).hex()
    make_project()
    sealer.seal()
    for known in (head, chain.GENESIS.hex()):
        assert "holds" in run("audit", "verify", "--head", known)[0]


@pytest.mark.parametrize(("head", "says"), [("ab" * 32, "cut or sealed anew"), ("abc", "64 hex"), ("zz", "64 hex")])
def test_an_unknown_head_is_refused(demo: Project, head: str, says: str) -> None:
    sealer.seal()
    with pytest.raises(CommandError, match=says):
        run("audit", "verify", "--head", head)


def test_a_changed_entry_breaks_the_trail(demo: Project) -> None:
    sealer.seal()
    entry = AuditEntry.objects.order_by("id")[1]
    with connection.cursor() as cursor:  # as somebody with the table owner's rights could
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER core_audit_no_change")
        cursor.execute("UPDATE core_auditentry SET reason = 'rewritten' WHERE id = %s", [entry.pk])
        cursor.execute("ALTER TABLE core_auditentry ENABLE TRIGGER core_audit_no_change")
    with pytest.raises(CommandError, match=f"after 1 good links: entry {entry.pk} .* was changed after link 2"):
        run("audit", "verify")
