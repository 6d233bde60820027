"""Creating a flag with its variants, and changing what is the same in every environment."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core import audit
from apps.core.audit import Actor
from apps.core.domain.diff import Changes, changes
from apps.core.models import AuditEntry, Environment, Project
from apps.core.services import check_version, lock_project
from apps.flags.domain.engine.definitions import FlagType
from apps.flags.domain.engine.validation import value_problems
from apps.flags.domain.staleness import Purpose
from apps.flags.domain.transitions import FlagIsArchived
from apps.flags.models import Flag, FlagState, Variant
from apps.flags.selectors import waiting_for
from apps.flags.services.consent import check_consent
from apps.flags.services.locking import lock_states
from apps.flags.services.open_rollouts import refuse_while_rolling_out
from apps.flags.services.publishing import InvalidFlag, check, publish
from apps.flags.services.trail import record
from apps.flags.services.versions import keep_version

EDITABLE = ("name", "description", "tags", "owner_id", "client_exposed", "purpose", "expected_end")
REACHING_USERS = {"variants", "client_exposed"}
BOOLEAN_VARIANTS = (("on", True), ("off", False))


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagFields:
    """What a flag is made of. Boolean flags get the variants `on` and `off` unless others are given."""

    key: str
    name: str
    type: FlagType
    variants: Sequence[tuple[str, object]] = ()  # (key, value), the order counts
    description: str = ""
    tags: Sequence[str] = ()
    owner_id: int | None = None
    client_exposed: bool = False
    purpose: Purpose = Purpose.RELEASE
    expected_end: date | None = None
    default_variant: str = ""  # the first variant, unless given
    off_variant: str = ""  # the last variant, unless given


class KeyIsArchived(ValidationError):
    """An archived flag has this key, and keeps it."""


def create_flag(
    *, project_id: int, fields: FlagFields, actor: Actor, at: datetime, reason: str = "", salt: str = ""
) -> Flag:
    """A flag that is off in every environment of its project. Raises ValidationError naming the field, of which
    KeyIsArchived is one."""
    variants = list(fields.variants) or (list(BOOLEAN_VARIANTS) if fields.type is FlagType.BOOLEAN else [])
    if not variants:
        raise ValidationError({"variants": ["A flag needs at least one variant."]})
    with transaction.atomic():
        project = lock_project(project_id)
        if Flag.objects.filter(project=project, key=fields.key).exclude(archived_at=None).exists():
            raise KeyIsArchived({"key": ["An archived flag has this key. Restore it, or choose another key."]})
        flag = _new_flag(project, fields, salt or secrets.token_hex(8), at)
        _save_variants(flag, variants)
        created = {name: [None, value] for name, value in _readable(flag).items()}
        entry = record("flags.flag_created", flag, actor=actor, at=at, reason=reason, changed=created)
        default, off = fields.default_variant or variants[0][0], fields.off_variant or variants[-1][0]
        environments = Environment.objects.filter(project=project).select_related("project")
        states = [_new_state(flag, environment, default, off, at=at) for environment in environments]
        _keep(states, entry, at)
        publish([state.environment_id for state in states], at)
    return flag


def update_flag(
    *,
    flag_id: int,
    fields: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None,
    reason: str = "",
    approved: bool = False,
) -> Flag:
    """Change any of EDITABLE, or `variants` as a list of (key, value); every environment has to stay evaluable.

    Raises FlagIsArchived, and FlagIsRollingOut when it is about variants that a rollout plan shares out. When the
    change reaches users, raises ReasonMissing if an environment is protected, and ApprovalRequired if one asks for
    approval, unless it is `approved`, which only an approved request makes it.
    """
    with transaction.atomic():
        flag = Flag.objects.select_for_update().get(pk=flag_id)
        if flag.archived_at is not None:
            raise FlagIsArchived
        check_version(flag.version, expected_version)
        states = lock_states(flag) if REACHING_USERS & fields.keys() else []
        changed = _edit(flag, states, fields)
        if not changed:
            return flag
        reaches_users = bool(REACHING_USERS & changed.keys())
        if reaches_users:
            check_consent([state.environment for state in states], reason, approved=approved)
            if "variants" in changed:
                refuse_while_rolling_out(states)
        flag.version += 1
        flag.save()
        entry = record("flags.flag_changed", flag, actor=actor, at=at, reason=reason, changed=changed)
        if reaches_users:
            for state in states:
                state.version, state.changed_at = state.version + 1, at
            _keep(states, entry, at)
            publish([state.environment_id for state in states], at)
    return flag


def adopt_environment(environment: Environment, actor: Actor, at: datetime) -> None:
    """Every flag of the project gets a state in the new environment: off, with the variants of its first state."""
    with transaction.atomic():
        flags = Flag.objects.filter(project_id=environment.project_id).prefetch_related("variants", "states")
        states = [_adopted(flag, environment, at) for flag in flags]
        entry = audit.record(
            kind="flags.environment_adopted",
            subject=environment,
            project_id=environment.project_id,
            environment_id=environment.pk,
            actor=actor,
            at=at,
            changes={"flags": [None, len(states)]},
        )
        _keep(states, entry, at)
        publish([environment.pk], at)


def _adopted(flag: Flag, environment: Environment, at: datetime) -> FlagState:
    pattern = min(flag.states.all(), key=lambda state: state.pk)
    return _new_state(flag, environment, pattern.default_variant, pattern.off_variant, at=at)


def _new_flag(project: Project, fields: FlagFields, salt: str, at: datetime) -> Flag:
    flag = Flag(
        project=project,
        key=fields.key,
        name=fields.name,
        description=fields.description,
        type=fields.type.value,
        tags=list(fields.tags),
        owner_id=fields.owner_id,
        client_exposed=fields.client_exposed,
        purpose=fields.purpose,
        expected_end=fields.expected_end,
        salt=salt,
        created_at=at,
    )
    flag.full_clean()
    flag.save()
    return flag


def _new_state(flag: Flag, environment: Environment, default: str, off: str, *, at: datetime) -> FlagState:
    return FlagState(flag=flag, environment=environment, default_variant=default, off_variant=off, changed_at=at)


def _edit(flag: Flag, states: Sequence[FlagState], fields: Mapping[str, Any]) -> Changes:
    """The flag with these fields, its variants saved, itself not yet; what that changes."""
    before = _readable(flag)
    for name in EDITABLE:
        setattr(flag, name, fields.get(name, getattr(flag, name)))
    flag.full_clean()
    if "variants" in fields:
        _check_needed(flag, states, fields["variants"])
        _save_variants(flag, fields["variants"])
    return changes(before, _readable(flag))


def _keep(states: Sequence[FlagState], entry: AuditEntry, at: datetime) -> None:
    """Save states with their versions; refuses what the engine could not serve."""
    for state in states:
        check(state)
        state.save()
        keep_version(state, entry=entry, at=at)


def _save_variants(flag: Flag, variants: Sequence[tuple[str, object]]) -> None:
    flag.variants.all().delete()
    rows = [Variant(flag=flag, key=key, value=value, position=place) for place, (key, value) in enumerate(variants)]
    for place, row in enumerate(rows):
        row.clean_fields()
        if problems := dict(value_problems(f"variants[{place}].value", FlagType(flag.type), row.value)):
            raise InvalidFlag(problems)  # before the database sees a text that it cannot keep
    keys = [row.key for row in rows]
    if len(keys) != len(set(keys)):
        raise ValidationError({"variants": ["Two variants have the same key."]})
    Variant.objects.bulk_create(rows)


def _check_needed(flag: Flag, states: Sequence[FlagState], variants: Sequence[tuple[str, object]]) -> None:
    """A variant that another flag waits for stays."""
    gone = {variant.key for variant in flag.variants.all()} - {key for key, _ in variants}
    waiting = {key for state in states for key in waiting_for(state, gone)} if gone else ()
    if waiting:
        message = f"{', '.join(sorted(gone))} cannot go: {', '.join(sorted(waiting))} wait for it."
        raise ValidationError({"variants": [message]})


def _readable(flag: Flag) -> dict[str, Any]:
    values = {name: getattr(flag, name) for name in EDITABLE}
    values["expected_end"] = flag.expected_end and flag.expected_end.isoformat()
    return values | {"variants": [[row.key, row.value] for row in flag.variants.order_by("position")]}
