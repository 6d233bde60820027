"""`{% load pulseops %}`: the small pieces every template shares. They show what they are given and ask no database."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _

from apps.core import clock, navigation, svg
from apps.core.models import ApiKey, AuditEntry, ChangeRequest, Environment

register = template.Library()

KEY_EXPIRING = timedelta(days=14)
REQUEST_PILLS = {"PENDING": "warn", "APPLIED": "on", "REJECTED": "killed", "WITHDRAWN": "off", "OUTDATED": "off"}
KIND_PILLS = {"PRODUCTION": "killed", "STAGING": "warn", "DEVELOPMENT": "info"}


@register.simple_tag
def icon(name: str) -> SafeString:
    return svg.icon(name)


@register.simple_tag
def share_bar(weights: Sequence[int], label: str) -> SafeString:
    """`{% share_bar weights "25% on, 75% off" %}`: a stacked bar with its text alternative."""
    return svg.shares(weights, label=label)


@register.simple_tag
def pill(kind: str, word: str) -> SafeString:
    """`{% pill "on" "On" %}`; kinds: on, off, killed, warn, locked, info."""
    return format_html('<span class="pill pill-{}">{}</span>', kind, word)


@register.simple_tag
def environment_pill(environment: Environment) -> SafeString:
    """The kind as a word; production in capitals and with the octagon."""
    word = str(environment.get_kind_display())
    return pill(KIND_PILLS[environment.kind], word.upper() if environment.kind == "PRODUCTION" else word)


@register.simple_tag
def environment_label(environment: Environment) -> SafeString:
    """Name and kind; the kind alone where the name only repeats it."""
    shown = environment_pill(environment)
    repeated = environment.name.lower() == str(environment.get_kind_display()).lower()
    return shown if repeated else format_html("<span>{}</span> {}", environment.name, shown)


@register.simple_tag
def key_pill(key: ApiKey, at: datetime) -> SafeString:
    """Whether an API key works, as a pill."""
    if key.revoked_at:
        return pill("killed", _("Revoked"))
    if key.expires_at is None or key.expires_at > at + KEY_EXPIRING:
        return pill("on", _("Usable"))
    return pill("warn", _("Expiring")) if key.expires_at > at else pill("off", _("Expired"))


@register.simple_tag
def request_pill(request: ChangeRequest) -> SafeString:
    """How a change request stands."""
    return pill(REQUEST_PILLS[request.status], str(request.get_status_display()))


@register.simple_tag(takes_context=True)
def scoped_url(context: template.Context, name: str, **kwargs: Any) -> str:
    """`{% scoped_url "admin:flag-detail" key=flag.key %}`: the address in the page's project and environment."""
    return reverse(name, kwargs=context["scope"].kwargs | kwargs)


@register.simple_tag(takes_context=True, name="when")
def when_tag(context: template.Context, at: datetime | None) -> SafeString | str:
    """`{% when entry.at %}`: how long ago, or in how long, counted from the page's `at`."""
    return when(at, context.get("at") or clock.now())


def when(at: datetime | None, now: datetime) -> SafeString | str:
    """Relative time; the exact one in UTC shows on hover and is what programs read."""
    if at is None:
        return _("never")
    words = _("just now") if abs(now - at) < timedelta(minutes=1) else _since(at, now)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>', at.isoformat(), at.strftime("%Y-%m-%d %H:%M:%S"), words
    )


def _since(at: datetime, now: datetime) -> str:
    past = at <= now
    text = timesince(at, now, depth=1) if past else timeuntil(at, now, depth=1)
    return (_("%(time)s ago") if past else _("in %(time)s")) % {"time": text}


@register.inclusion_tag("components/diff.html")
def diff(changes: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Changes as `[before, after]` per field, the shape of the audit trail."""
    rows = [(name, text(before), text(after)) for name, (before, after) in changes.items()]
    return {"rows": rows}


@register.filter
def text(value: object) -> str:
    """A JSON value as people read it; "" for nothing."""
    if value is None or value in ("", []):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


@register.filter
def grouped(number: int) -> str:
    """174216 -> 174,216."""
    return f"{number:,}"


@register.filter
def percent(weight: int) -> str:
    """A share out of 100,000 as a percentage: 25000 -> 25%, 12500 -> 12.5%."""
    return f"{weight / 1000:.3f}".rstrip("0").rstrip(".") + "%"


@register.filter
def kind_words(entry: AuditEntry) -> str:
    """What was done, as in "killed"; an unworded kind shows its code."""
    return str(navigation.kinds().get(entry.kind, entry.kind.partition(".")[2].replace("_", " ")))


@register.filter
def place(entry: AuditEntry | ChangeRequest) -> str:
    """The environment's name, unless the object's name ends with it already."""
    environment = entry.environment
    return environment.name if environment and not entry.subject_label.endswith(environment.key) else ""


@register.simple_tag
def subject_link(entry: AuditEntry) -> SafeString | str:
    """The object's name, linked to where it is edited; what has no such page or is gone is only named."""
    try:
        url = reverse(f"admin:{entry.subject_type.replace('.', '_')}_change", args=[entry.subject_id])
    except NoReverseMatch:
        return entry.subject_label
    return format_html('<a href="{}">{}</a>', url, entry.subject_label)


@register.filter
def minutes(duration: timedelta | None) -> int:
    """Whole minutes, rounded up."""
    return -(-int(duration.total_seconds()) // 60) if duration else 0
