"""The public status page and its components as people edit them. What they tell is rendered in live."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import Max

from apps.alerts.models import Impact, StatusComponent, StatusPage
from apps.alerts.services import trail
from apps.core.audit import Actor
from apps.core.domain.diff import changes
from apps.core.models import Environment
from apps.core.services import check_reason, check_version
from apps.monitoring import selectors as monitoring

PAGE_FIELDS = ("slug", "title", "text", "published")
COMPONENT_FIELDS = ("name", "description", "checks")
MAX_COMPONENTS, MAX_CHECKS = 100, 50


class InvalidStatus(ValidationError):
    """`message_dict` maps each field to its problems."""


class StatusPageExists(Exception):
    """The environment has one already."""


class ComponentExists(Exception):
    """The environment has a component with this key already."""


def create_status_page(
    *, environment_id: int, fields: Mapping[str, Any], actor: Actor, reason: str, at: datetime
) -> StatusPage:
    """Not public until it is published. Raises InvalidStatus, StatusPageExists, ReasonMissing."""
    with transaction.atomic():
        environment = _locked(environment_id, reason)
        if StatusPage.objects.filter(environment=environment).exists():
            raise StatusPageExists
        row = StatusPage(environment=environment)
        _write(row, fields, PAGE_FIELDS)
        row.save()
        made = changes({}, _readable(row, PAGE_FIELDS))
        trail.record("alerts.status_page_created", row, made, actor=actor, reason=reason, at=at)
    return row


def update_status_page(
    *, page_id: int, fields: Mapping[str, Any], actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> StatusPage:
    """What is left out stays; `published` opens it to everybody or closes it. Raises InvalidStatus, StaleVersion,
    ReasonMissing."""
    with transaction.atomic():
        row = StatusPage.objects.select_for_update().get(pk=page_id)
        _locked(row.environment_id, reason)
        check_version(row.version, expected_version)
        before = _readable(row, PAGE_FIELDS)
        _write(row, fields, PAGE_FIELDS)
        changed = changes(before, _readable(row, PAGE_FIELDS))
        _save(row)
        kind = "alerts.status_page_changed"
        if "published" in changed:
            kind = "alerts.status_page_published" if row.published else "alerts.status_page_closed"
        trail.record(kind, row, changed, actor=actor, reason=reason, at=at)
    return row


def create_component(
    *, environment_id: int, fields: Mapping[str, Any], actor: Actor, reason: str, at: datetime
) -> StatusComponent:
    """Comes last. Raises InvalidStatus, ComponentExists, ReasonMissing."""
    with transaction.atomic():
        environment = _locked(environment_id, reason)
        others = StatusComponent.objects.filter(environment=environment)
        if others.filter(key=fields.get("key")).exists():
            raise ComponentExists
        if others.count() >= MAX_COMPONENTS:
            raise InvalidStatus({NON_FIELD_ERRORS: [f"A status page has at most {MAX_COMPONENTS} components."]})
        last: int | None = others.aggregate(last=Max("position"))["last"]
        position = 0 if last is None else last + 1
        row = StatusComponent(environment=environment, created_at=at, position=position)
        _write(row, fields, ("key", *COMPONENT_FIELDS))
        row.save()
        made = changes({}, _readable(row, ("key", *COMPONENT_FIELDS, "state")))
        trail.record("alerts.component_created", row, made, actor=actor, reason=reason, at=at)
    return row


def update_component(
    *,
    component_id: int,
    fields: Mapping[str, Any],
    actor: Actor,
    reason: str,
    at: datetime,
    expected_version: int | None,
) -> StatusComponent:
    """Name, description and health checks; what is left out stays. Raises InvalidStatus, StaleVersion,
    ReasonMissing."""
    with transaction.atomic():
        row = _component(component_id, reason, expected_version)
        before = _readable(row, COMPONENT_FIELDS)
        _write(row, fields, COMPONENT_FIELDS)
        _save(row)
        changed = changes(before, _readable(row, COMPONENT_FIELDS))
        trail.record("alerts.component_changed", row, changed, actor=actor, reason=reason, at=at)
    return row


def set_component_state(
    *, component_id: int, state: str, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> StatusComponent:
    """What a person says of it; incidents and health checks can only make it worse. The reason stays inside. Raises
    InvalidStatus, StaleVersion, ReasonMissing."""
    with transaction.atomic():
        row = _component(component_id, reason, expected_version)
        if state not in Impact.values:
            raise InvalidStatus({"state": [f"is one of {', '.join(Impact.values)}"]})
        before, row.state = row.state, state
        _save(row)
        changed = {"state": [before, state]} if before != state else {}
        trail.record("alerts.component_state_set", row, changed, actor=actor, reason=reason, at=at)
    return row


def move_component(
    *, component_id: int, position: int, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> StatusComponent:
    """To this place among the others, which make room; 0 is the top. Raises StaleVersion, ReasonMissing."""
    with transaction.atomic():
        row = _component(component_id, reason, expected_version)
        others = StatusComponent.objects.filter(environment=row.environment_id).exclude(pk=row.pk)
        order = list(others.order_by("position", "pk"))
        before = {"position": row.position}
        order.insert(max(0, position), row)
        for place, one in enumerate(order):
            one.position = place
        StatusComponent.objects.bulk_update([one for one in order if one is not row], ["position"])
        _save(row)
        moved = changes(before, {"position": row.position})
        trail.record("alerts.component_moved", row, moved, actor=actor, reason=reason, at=at)
    return row


def delete_component(
    *, component_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> None:
    """Incidents that named it go on without it. Raises StaleVersion, ReasonMissing."""
    with transaction.atomic():
        row = _component(component_id, reason, expected_version)
        gone = changes(_readable(row, ("key", *COMPONENT_FIELDS, "state")), {})
        trail.record("alerts.component_deleted", row, gone, actor=actor, reason=reason, at=at)
        row.delete()


def _locked(environment_id: int, reason: str) -> Environment:
    """Pages and components of one environment are written one after another."""
    environment = Environment.objects.select_for_update(no_key=True).get(pk=environment_id)
    check_reason([environment], reason)
    return environment


def _component(component_id: int, reason: str, expected_version: int | None) -> StatusComponent:
    environment_id = StatusComponent.objects.values_list("environment_id", flat=True).get(pk=component_id)
    _locked(environment_id, reason)
    row = StatusComponent.objects.select_for_update().get(pk=component_id)
    check_version(row.version, expected_version)
    return row


def _write(row: StatusPage | StatusComponent, fields: Mapping[str, Any], known: Sequence[str]) -> None:
    if unknown := fields.keys() - set(known):
        raise InvalidStatus({name: ["there is no such field"] for name in sorted(unknown)})
    for name, value in fields.items():
        setattr(row, name, _keys(row.environment_id, value) if name == "checks" else value)
    try:
        row.full_clean(exclude=["environment"])
    except ValidationError as refused:
        raise InvalidStatus(refused.error_dict) from None


def _keys(environment_id: int, raw: Any) -> list[str]:
    """Of health checks that are there, each once."""
    if not isinstance(raw, list) or len(raw) > MAX_CHECKS or not all(isinstance(key, str) for key in raw):
        raise InvalidStatus({"checks": [f"is a list of at most {MAX_CHECKS} keys of health checks"]})
    known = {key for key, _name in monitoring.check_names(environment_id)}
    if strange := [key for key in raw if key not in known]:
        raise InvalidStatus({"checks": [f"there is no health check {key}" for key in strange]})
    return list(dict.fromkeys(raw))


def _readable(row: StatusPage | StatusComponent, fields: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in fields}


def _save(row: StatusPage | StatusComponent) -> None:
    row.version += 1
    row.save()
