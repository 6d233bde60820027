"""Channels as people edit them, and those that the settings give every project. Where they lead is kept encrypted."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from apps.alerts.gateways import sentry
from apps.alerts.models import Channel
from apps.alerts.services import trail
from apps.core import audit, secrets
from apps.core.audit import Actor
from apps.core.domain import signing
from apps.core.domain.diff import changes
from apps.core.domain.egress import Refused, read_url
from apps.core.models import Project
from apps.core.services import check_version

Kind = Channel.Kind
SETTINGS = audit.system("settings")
MAX_RECIPIENTS, MAX_URL_LENGTH = 50, 2_000
SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")


class InvalidChannel(ValidationError):
    """`message_dict` maps each field, such as `config.url`, to its problems."""


class Target(NamedTuple):
    """Where a channel leads, in clear text. It is for the gateways, and never kept or shown."""

    url: str = ""  # of the webhook; Sentry's DSN
    secrets: tuple[str, ...] = ()  # what a webhook is signed with, the newest first
    to: tuple[str, ...] = ()  # who gets mail


def create_channel(
    *,
    project_id: int,
    key: str,
    name: str,
    kind: str,
    config: Mapping[str, Any],
    actor: Actor,
    reason: str,
    at: datetime,
) -> Channel:
    """`config`: `url` for Slack and webhooks (which may also name one or two `secrets`; else one is made), `to` for
    e-mail, `dsn` for Sentry. Raises InvalidChannel."""
    if kind not in Kind.values:
        raise InvalidChannel({"kind": [f"must be one of {', '.join(Kind.values)}"]})
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
        row = Channel(project=project, key=key, name=name, kind=kind, created_at=at)
        _configure(row, config)
        _checked(row)
        row.save()
        trail.record("alerts.channel_created", row, changes({}, _readable(row)), actor=actor, reason=reason, at=at)
    return row


def update_channel(
    *,
    channel_id: int,
    actor: Actor,
    reason: str,
    at: datetime,
    expected_version: int | None,
    name: str | None = None,
    config: Mapping[str, Any] | None = None,
    enabled: bool | None = None,
) -> Channel:
    """What is left out stays. Switching it on forgets why it was off. Raises InvalidChannel, StaleVersion."""
    with transaction.atomic():
        row = Channel.objects.select_for_update(no_key=True).get(pk=channel_id)
        check_version(row.version, expected_version)
        before, secret = _readable(row), bytes(row.secret)
        row.name = row.name if name is None else name
        if config is not None:
            if row.built_in:
                raise InvalidChannel({"config": ["comes from the settings of this installation"]})
            _configure(row, config)
        if enabled is not None:
            row.enabled, row.disabled_reason = enabled, "" if enabled else reason[:250]
        _checked(row)
        row.version += 1
        row.save()
        changed = changes(before, _readable(row))
        if bytes(row.secret) != secret:
            changed["secret"] = ["(hidden)", "(changed)"]
        trail.record("alerts.channel_changed", row, changed, actor=actor, reason=reason, at=at)
    return row


def rotate_channel_secret(
    *, channel_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> tuple[Channel, str]:
    """A new signing secret, to be shown once. The one before it goes on signing beside it until the next rotation."""
    with transaction.atomic():
        row = Channel.objects.select_for_update(no_key=True).get(pk=channel_id)
        check_version(row.version, expected_version)
        if row.kind != Kind.WEBHOOK or row.built_in:
            raise InvalidChannel({"kind": ["only a webhook of the project's own has a secret to rotate"]})
        kept, fresh = _unsealed(row), signing.new_secret()
        _seal(row, kept | {"secrets": [fresh, *kept.get("secrets", [])[:1]]})
        row.version += 1
        row.save()
        trail.record("alerts.channel_secret_rotated", row, actor=actor, reason=reason, at=at)
    return row, fresh


def signing_secrets(channel: Channel) -> tuple[str, ...]:
    """For the one page that shows them to whoever may change the channel. Raises secrets.Unreadable."""
    return target(channel).secrets


def target(channel: Channel) -> Target:
    """Raises secrets.Unreadable."""
    if channel.built_in:
        return built_in()[channel.key][1]
    kept = _unsealed(channel)
    to = tuple(channel.config.get("to", ()))
    return Target(kept.get("url", "") or kept.get("dsn", ""), tuple(kept.get("secrets", ())), to)


def built_in() -> dict[str, tuple[str, Target]]:
    """What the settings name, by the channel's key: its kind, and where it leads."""
    mail = settings.ALERT_EMAILS if settings.SMTP_URL else []
    found = {
        "slack": (Kind.SLACK, Target(url=settings.SLACK_WEBHOOK_URL), settings.SLACK_WEBHOOK_URL),
        "webhook": (
            Kind.WEBHOOK,
            Target(url=settings.ALERT_WEBHOOK_URL, secrets=tuple(settings.ALERT_WEBHOOK_SECRETS)),
            settings.ALERT_WEBHOOK_URL,
        ),
        "email": (Kind.EMAIL, Target(to=tuple(mail)), mail),
    }
    return {key: (kind, leads) for key, (kind, leads, named) in found.items() if named}


def built_in_name(kind: str) -> str:
    return f"{Kind(kind).label} of this installation"


def adopt_built_in(project_id: int, at: datetime) -> None:
    """A row for each channel of the settings, so that its notices, its state and its routes are like all others'."""
    known = set(Channel.objects.filter(project_id=project_id, built_in=True).values_list("key", flat=True))
    for key, (kind, _target) in built_in().items():
        if key in known:
            continue
        with transaction.atomic():
            usual = {"name": built_in_name(kind), "kind": kind, "built_in": True, "created_at": at}
            row, made = Channel.objects.get_or_create(project_id=project_id, key=key, defaults=usual)
            if made:
                shown, why = changes({}, _readable(row)), "from the settings"
                trail.record("alerts.channel_created", row, shown, actor=SETTINGS, reason=why, at=at)


def usable(project_id: int) -> dict[str, Channel]:
    """The channels of a project that lead somewhere, switched off or not, by key."""
    rows = Channel.objects.filter(project_id=project_id).order_by("pk")
    there = built_in()
    return {row.key: row for row in rows if not row.built_in or row.key in there}


def disable(row: Channel, reason: str, *, actor: Actor, at: datetime) -> None:
    """Of a row that is locked: its receiver is closed for good."""
    if not row.enabled:
        return
    before = _readable(row)
    row.enabled, row.disabled_reason = False, reason[:250]
    row.version += 1
    row.save()
    trail.record("alerts.channel_disabled", row, changes(before, _readable(row)), actor=actor, reason=reason, at=at)


def _configure(row: Channel, config: Mapping[str, Any]) -> None:
    known = {Kind.EMAIL: {"to"}, Kind.SENTRY: {"dsn"}, Kind.SLACK: {"url"}, Kind.WEBHOOK: {"url", "secrets"}}
    if unknown := config.keys() - known[Kind(row.kind)]:
        raise InvalidChannel({f"config.{name}": ["there is no such field"] for name in sorted(unknown)})
    if row.kind == Kind.EMAIL:
        row.config = {"to": _recipients(config.get("to"))}
    elif row.kind == Kind.SENTRY:
        _seal(row, {"dsn": _dsn(config.get("dsn"))})
    elif row.kind == Kind.SLACK:
        _seal(row, {"url": _url(config.get("url"))})
    else:
        given = config.get("secrets") or (_unsealed(row).get("secrets") if row.secret else None)
        _seal(row, {"url": _url(config.get("url")), "secrets": _secrets(given or [signing.new_secret()])})


def _recipients(raw: object) -> list[str]:
    if not isinstance(raw, list) or not 1 <= len(raw) <= MAX_RECIPIENTS:
        raise InvalidChannel({"config.to": [f"must be a list of 1 to {MAX_RECIPIENTS} addresses"]})
    for address in raw:
        try:
            validate_email(address)
        except ValidationError:
            raise InvalidChannel({"config.to": [f"{address!r} is no e-mail address"]}) from None
    return list(dict.fromkeys(raw))


def _url(raw: object) -> str:
    """Only its form: whether the guard lets us go there is asked at each sending, since names move."""
    text = raw if isinstance(raw, str) else ""
    try:
        read_url(text)
    except Refused as refused:
        raise InvalidChannel({"config.url": [str(refused)]}) from None
    if len(text) > MAX_URL_LENGTH:
        raise InvalidChannel({"config.url": [f"is longer than {MAX_URL_LENGTH} characters"]})
    return text


def _dsn(raw: object) -> str:
    text = raw if isinstance(raw, str) else ""
    try:
        read_url(sentry.read_dsn(text).url)
    except (ValueError, Refused) as refused:
        raise InvalidChannel({"config.dsn": [str(refused)]}) from None
    return text


def _secrets(raw: object) -> list[str]:
    if not isinstance(raw, list) or not 1 <= len(raw) <= 2:
        raise InvalidChannel({"config.secrets": ["must be a list of one or two"]})
    for secret in raw:
        try:
            signing.read_secret(str(secret))
        except ValueError as refused:
            raise InvalidChannel({"config.secrets": [str(refused)]}) from None
    return raw


def _seal(row: Channel, kept: Mapping[str, Any]) -> None:
    row.secret = secrets.encrypt(orjson.dumps(dict(kept)).decode())
    address = str(kept.get("url") or kept.get("dsn", ""))
    row.config = {"host": re.sub(r"^https?://([^@/]*@)?([^/?#]*).*$", r"\2", address)}


def _unsealed(row: Channel) -> dict[str, Any]:
    kept: dict[str, Any] = orjson.loads(secrets.decrypt(bytes(row.secret))) if row.secret else {}
    return kept


def _checked(row: Channel) -> None:
    if Channel.objects.filter(project_id=row.project_id, key=row.key).exclude(pk=row.pk).exists():
        raise InvalidChannel({"key": [f"There is a channel {row.key} here already."]})
    try:
        row.full_clean(exclude=["project"])
    except ValidationError as refused:
        raise InvalidChannel(refused.error_dict) from None


def _readable(row: Channel) -> dict[str, Any]:
    """What the trail may hold."""
    return {
        "name": row.name,
        "kind": row.kind,
        "config": row.config,
        "enabled": row.enabled,
        "disabled_reason": row.disabled_reason,
    }
