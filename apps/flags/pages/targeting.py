"""Overrides and prerequisites in words, from their JSON as versions keep it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

MAX_USERS = 10  # named one by one in a difference


def moment(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC") if at else ""


def until(expires_at: datetime | None) -> str:
    return _("until %(at)s") % {"at": moment(expires_at)} if expires_at else _("without an end")


def prerequisite_words(definition: Mapping[str, Any]) -> list[str]:
    """As in "base serves on or beta", a line for each."""
    return [
        _("%(flag)s serves %(variants)s") % {"flag": one["flag"], "variants": _(" or ").join(one["variants"])}
        for one in definition.get("prerequisites") or []
    ]


def override_words(definition: Mapping[str, Any]) -> list[str]:
    """As in "on until 2026-03-01 09:00:00 UTC: u-1, u-2", a line for each."""
    return _lines(_users(definition).items())


def override_sides(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, str]:
    """Who had something that they lose, and who has something new. Both are empty when nothing differs."""
    old, new = _users(before), _users(after)
    gone = [(user, what) for user, what in old.items() if new.get(user) != what]
    came = [(user, what) for user, what in new.items() if old.get(user) != what]
    return "; ".join(_lines(gone)), "; ".join(_lines(came))


_What = tuple[str, str | None]  # (variant, expires_at)


def _users(definition: Mapping[str, Any]) -> dict[str, _What]:
    overrides: Sequence[Mapping[str, Any]] = definition.get("overrides") or []
    return {key: (one["variant"], one["expires_at"]) for one in overrides for key in one["targeting_keys"]}


def _lines(users: Iterable[tuple[str, _What]]) -> list[str]:
    groups: dict[_What, list[str]] = {}
    for user, what in users:
        groups.setdefault(what, []).append(user)
    return [
        _("%(variant)s %(until)s: %(users)s")
        % {"variant": variant, "until": until(_read(expires_at)), "users": _cut(named)}
        for (variant, expires_at), named in groups.items()
    ]


def _read(expires_at: str | None) -> datetime | None:
    return datetime.fromisoformat(expires_at) if expires_at else None


def _cut(users: Sequence[str]) -> str:
    named = ", ".join(users[:MAX_USERS])
    more = len(users) - MAX_USERS
    return _("%(users)s and %(count)d more") % {"users": named, "count": more} if more > 0 else named
