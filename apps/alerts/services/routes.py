"""Routes as people edit them: which alerts go to which channels, in which order they are asked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.alerts.domain.labels import dump_matchers, read_matchers
from apps.alerts.domain.limits import MAX_GROUP_BY, MAX_NAME_LENGTH
from apps.alerts.domain.problems import label_problems, matcher_problems
from apps.alerts.models import Channel, Route
from apps.alerts.services import trail
from apps.core.audit import Actor
from apps.core.domain.diff import changes
from apps.core.models import Project
from apps.core.services import check_version
from apps.flags.domain.engine.definitions import InvalidDefinition
from apps.flags.domain.engine.reading import read_list, read_text

LAST = 32_767  # the largest position there is
FIELDS = ("position", "key", "matchers", "channels", "group_by", "continues")


class InvalidRoute(ValidationError):
    """`message_dict` maps each field, such as `matchers[0].label`, to its problems."""


def create_route(*, project_id: int, fields: Mapping[str, Any], actor: Actor, reason: str, at: datetime) -> Route:
    """`fields` are those of the table; without a position it comes last. Raises InvalidRoute."""
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
        row = Route(project=project, created_at=at, group_by=["alertname"])
        _write(row, {"position": LAST} | dict(fields))
        _place(row)
        row.save()
        trail.record("alerts.route_created", row, changes({}, _readable(row)), actor=actor, reason=reason, at=at)
    return row


def update_route(
    *, route_id: int, fields: Mapping[str, Any], actor: Actor, reason: str, at: datetime, expected_version: int | None
) -> Route:
    """What is left out stays. Raises InvalidRoute, StaleVersion."""
    with transaction.atomic():
        project_id = Route.objects.values_list("project_id", flat=True).get(pk=route_id)
        Project.objects.select_for_update(no_key=True).get(pk=project_id)  # routes move each other
        row = Route.objects.select_for_update().get(pk=route_id)
        check_version(row.version, expected_version)
        before = _readable(row)
        _write(row, fields)
        _place(row)
        row.version += 1
        row.save()
        trail.record("alerts.route_changed", row, changes(before, _readable(row)), actor=actor, reason=reason, at=at)
    return row


def delete_route(*, route_id: int, actor: Actor, reason: str, at: datetime, expected_version: int | None) -> None:
    """What was written by it stays as it is. Raises StaleVersion."""
    with transaction.atomic():
        row = Route.objects.select_for_update().get(pk=route_id)
        check_version(row.version, expected_version)
        trail.record("alerts.route_deleted", row, changes(_readable(row), {}), actor=actor, reason=reason, at=at)
        row.delete()


def _write(row: Route, fields: Mapping[str, Any]) -> None:
    if unknown := fields.keys() - set(FIELDS):
        raise InvalidRoute({name: ["there is no such field"] for name in sorted(unknown)})
    for name, value in fields.items():
        setattr(row, name, _read(row.project_id, name, value))
    if Route.objects.filter(project_id=row.project_id, key=row.key).exclude(pk=row.pk).exists():
        raise InvalidRoute({"key": [f"There is a route {row.key} here already."]})
    try:
        row.full_clean(exclude=["project"])
    except ValidationError as refused:
        raise InvalidRoute(refused.error_dict) from None


def _place(row: Route) -> None:
    """At its position among the others, which make room and are numbered from 0 again."""
    order = list(Route.objects.filter(project_id=row.project_id).exclude(pk=row.pk).order_by("position", "pk"))
    order.insert(row.position, row)
    for position, one in enumerate(order):
        one.position = position
    Route.objects.bulk_update([one for one in order if one is not row], ["position"])


def _read(project_id: int, name: str, value: Any) -> Any:
    try:
        if name == "matchers":
            return _matchers(value)
        if name == "channels":
            return _channels(project_id, value)
        if name == "group_by" and value is not None:
            return _labels(value)
    except InvalidDefinition as fault:
        raise InvalidRoute({fault.path: [fault.message]}) from None
    return value


def _matchers(raw: Any) -> Any:
    matchers = read_matchers("matchers", raw)
    _refuse(dict(matcher_problems("matchers", matchers)))
    return dump_matchers(matchers)


def _channels(project_id: int, raw: Any) -> list[str]:
    keys = [read_text(path, item, MAX_NAME_LENGTH) for path, item in read_list("channels", raw, 20, at_least=0)]
    known = set(Channel.objects.filter(project_id=project_id, key__in=keys).values_list("key", flat=True))
    _refuse({f"channels[{n}]": f"there is no channel {key}" for n, key in enumerate(keys) if key not in known})
    return list(dict.fromkeys(keys))


def _labels(raw: Any) -> list[str]:
    found = read_list("group_by", raw, MAX_GROUP_BY, at_least=0)
    names = [(path, read_text(path, item, MAX_NAME_LENGTH)) for path, item in found]
    _refuse(dict(problem for path, name in names for problem in label_problems(path, name)))
    return list(dict.fromkeys(name for _path, name in names))


def _refuse(problems: Mapping[str, str]) -> None:
    if problems:
        raise InvalidRoute({path: [words] for path, words in problems.items()})


def _readable(row: Route) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FIELDS}
