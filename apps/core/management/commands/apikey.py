"""`manage.py apikey`: issuing, listing, rotating and revoking keys where no browser is at hand."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from apps.core import audit, clock, selectors, services
from apps.core.models import ApiKey, Environment, Project

KINDS = [str(kind.value).lower() for kind in ApiKey.Kind]
SCOPES = {"read": [ApiKey.Scope.READ], "write": [ApiKey.Scope.READ, ApiKey.Scope.WRITE]}
Row = TypeVar("Row", Project, Environment)
ACTOR = audit.system("command line")


class Command(BaseCommand):
    help = "Issues, lists, rotates and revokes API keys. A token is shown once, when its key is made."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="issue a key and print its token")
        create.add_argument("--project", required=True, help="the project's key")
        create.add_argument("--environment", help="the environment's key; only management keys go without")
        create.add_argument("--kind", required=True, type=str.lower, choices=KINDS)
        create.add_argument("--name", required=True, help="what the key is for")
        create.add_argument("--scope", default="read", choices=SCOPES, help="write includes read (default read)")
        create.add_argument("--expires-in-days", type=int, help="how long the key works; for good unless given")
        listing = actions.add_parser("list", help="list a project's keys")
        listing.add_argument("--project", required=True, help="the project's key")
        rotate = actions.add_parser("rotate", help="issue a successor; the old key works for one more day")
        revoke = actions.add_parser("revoke", help="end a key at once")
        for one in (rotate, revoke):
            one.add_argument("id", type=int, help="the key's number, as `list` shows it")
        for one in (create, rotate):
            one.add_argument("--quiet", action="store_true", help="print nothing but the token")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except services.EnvironmentMissing:
            raise CommandError(f"A {options['kind']} key needs --environment: it belongs to one.") from None
        except services.KeyNotUsable:
            raise CommandError(f"Key {options['id']} is unknown, revoked or expired. See `apikey list`.") from None

    def _create(self, options: dict[str, Any]) -> None:
        project, at, days = _project(options["project"]), clock.now(), options["expires_in_days"]
        environment = _environment(project, options["environment"]) if options["environment"] else None
        issued = services.issue_key(
            project_id=project.pk,
            environment_id=environment.pk if environment else None,
            kind=options["kind"].upper(),
            name=options["name"],
            scopes=SCOPES[options["scope"]],
            expires_at=None if days is None else at + timedelta(days=days),
            actor=ACTOR,
            at=at,
        )
        self._show(issued, options["quiet"])

    def _list(self, options: dict[str, Any]) -> None:
        project, at = _project(options["project"]), clock.now()
        keys = list(selectors.api_keys(project))
        if not keys:
            self.stdout.write(f"{project.key} has no keys yet. Issue one with `apikey create`.")
        for key in keys:
            where = key.environment.key if key.environment else "every environment"
            self.stdout.write(f"{key.pk:>6}  {key.kind.lower():<10}  {where:<18}  {_standing(key, at):<8}  {key}")

    def _rotate(self, options: dict[str, Any]) -> None:
        self._show(services.rotate_key(key_id=options["id"], actor=ACTOR, at=clock.now()), options["quiet"])

    def _revoke(self, options: dict[str, Any]) -> None:
        key = services.revoke_key(key_id=options["id"], actor=ACTOR, at=clock.now())
        self.stdout.write(f"Revoked {key}. It no longer works.")

    def _show(self, issued: services.IssuedKey, quiet: bool) -> None:
        """The token alone on stdout, so that a script can keep it; what it means goes to stderr."""
        if not quiet:
            self.stderr.write(f"Key {issued.key.pk}: {issued.key}. Keep the token, it is not shown again:")
        self.stdout.write(issued.token)


def _project(key: str) -> Project:
    return _named("project", key, {project.key: project for project in selectors.projects()})


def _environment(project: Project, key: str) -> Environment:
    known = {environment.key: environment for environment in selectors.environments(project)}
    return _named("environment", key, known, f" in {project.key}")


def _named(what: str, key: str, known: dict[str, Row], where: str = "") -> Row:
    """The row with this key, or a refusal that says which keys there are."""
    if key not in known:
        there = f"there are {', '.join(known)}" if known else "there are none yet"
        raise CommandError(f"no {what} '{key}'{where}; {there}")
    return known[key]


def _standing(key: ApiKey, at: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= at else "works"
