"""What asks for somebody's attention in one environment, the most urgent first, and the steps of a first day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.console.selectors.overview import Overview
from apps.core.navigation import Scope
from apps.flags.domain.rollouts.steps import Cause

SEVERE = {"critical", "error"}
CAN_WAIT = {"locked", "stale"}  # tones of what is worth knowing and no alarm


@dataclass(frozen=True, slots=True)
class Need:
    tone: str  # ends the pill's class
    word: str  # in the pill
    words: str
    url: str
    at: datetime | None = None
    note: str = ""


def needs(seen: Overview, scope: Scope, waiting: Iterable[Need] = ()) -> list[Need]:
    """`waiting`: what waits for the person who looks."""
    return [
        *_incidents(seen, scope),
        *_firing(seen, scope),
        *_killed(seen, scope),
        *_stopped(seen, scope),
        *waiting,
        *_unreadable(seen, scope),
        *_ailing(seen),
        *_keys(seen),
        *_stale(seen, scope),
        *_locked(seen, scope),
    ]


def sentence(seen: Overview, found: list[Need]) -> str:
    """The state of things in one line."""
    on = seen.flags.on + seen.flags.rolling_out
    flags = ngettext("%(n)d flag", "%(n)d flags", seen.flags.all) % {"n": seen.flags.all}
    urgent = [need for need in found if need.tone not in CAN_WAIT]
    if not urgent:
        return _("All normal: %(flags)s, %(on)d on; nothing needs you.") % {"flags": flags, "on": on}
    words = ngettext("One thing needs you: %(first)s", "%(n)d things need you, first: %(first)s", len(urgent))
    return words % {"n": len(urgent), "first": urgent[0].words.rstrip(".")}


@dataclass(frozen=True, slots=True)
class Step:
    done: bool
    words: str
    url: str = ""


def first_steps(seen: Overview, scope: Scope) -> list[Step]:
    """Empty when all are done: the checklist has then done its work."""
    steps = [
        Step(seen.flags.all > 0, _("Create a flag"), _url("admin:flag-create", scope)),
        Step(
            seen.client_key is not None,
            _("Issue a client key for this environment"),
            reverse("admin:core_apikey_add", query={"environment": scope.environment.pk, "kind": "CLIENT"}),
        ),
        Step(
            seen.flags.on + seen.flags.rolling_out > 0,
            _("Turn a flag on"),
            _url("admin:flag-list", scope),
        ),
        Step(seen.evaluations > 0, _("Ask for it from your app; the counts arrive within a minute")),
    ]
    return [] if all(step.done for step in steps) else steps


def curl(seen: Overview) -> str:
    """A first evaluation to paste into a terminal; "" without a client key or a flag."""
    if seen.client_key is None or not seen.example_flag:
        return ""
    return (
        f"curl -X POST {settings.PUBLIC_URL}/ofrep/v1/evaluate/flags/{seen.example_flag} \\\n"
        f"  -H 'Authorization: Bearer {seen.client_key.publishable_token}' \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        """  -d '{"context": {"targetingKey": "user-42"}}'"""
    )


def _incidents(seen: Overview, scope: Scope) -> Iterator[Need]:
    for one in seen.incidents:
        tone = "killed" if one.severity in SEVERE else "warn"
        count = ngettext("%(n)d alert is open", "%(n)d alerts are open", one.open_alerts) % {"n": one.open_alerts}
        taken = _("%(name)s is on it") % {"name": one.owner} if one.owner else _("nobody took it on")
        note = f"{one.status} · {count} · {taken}" if one.open_alerts else f"{one.status} · {taken}"
        url = reverse("admin:incident-detail", kwargs={**scope.kwargs, "incident": one.pk})
        yield Need(tone, _("Incident"), one.title, url, one.since, note)


def _firing(seen: Overview, scope: Scope) -> Iterator[Need]:
    """Alerts of an incident that is open are on its page."""
    shown = {one.pk for one in seen.incidents}
    for one in (alert for alert in seen.alerts if alert.incident not in shown):
        tone = "killed" if one.severity in SEVERE else "warn"
        words = f"{one.name} ({one.labels})" if one.labels else one.name
        note = _("acknowledged by %(name)s") % {"name": one.acknowledged_by} if one.acknowledged_by else ""
        url = reverse("admin:alert-detail", kwargs={**scope.kwargs, "alert": one.pk})
        yield Need(tone, one.severity.capitalize(), words, url, one.since, note)


def _killed(seen: Overview, scope: Scope) -> Iterator[Need]:
    for flag in seen.flags.killed:
        words = _("%(flag)s is killed: everyone gets the off variant") % {"flag": flag.key}
        by = _("by %(actor)s") % {"actor": flag.actor}
        note = f"{by}: {flag.reason}" if flag.reason else by
        yield Need("killed", _("Killed"), words, _url("admin:flag-detail", scope, key=flag.key), flag.at, note)


def _stopped(seen: Overview, scope: Scope) -> Iterator[Need]:
    for one in seen.stopped:
        words = _("The rollout of %(flag)s waits in stage %(number)d of %(count)d: %(reason)s") % {
            "flag": one.flag_key,
            "number": one.number,
            "count": one.stages,
            "reason": one.reason.words,
        }
        url = f"{_url('admin:flag-detail', scope, key=one.flag_key)}#rollout-plan"
        yield Need("warn", _("Guard") if one.reason.cause is Cause.GUARD else _("Approval"), words, url, one.since)


def _unreadable(seen: Overview, scope: Scope) -> Iterator[Need]:
    for flag in seen.flags.locked:
        if flag.variant is None:
            words = _("%(variable)s cannot be read, so %(flag)s ignores it; correct or remove the variable")
            told = words % {"variable": flag.variable, "flag": flag.key}
            yield Need("warn", _("Unreadable"), told, _url("admin:flag-detail", scope, key=flag.key))


def _stale(seen: Overview, scope: Scope) -> Iterator[Need]:
    if seen.flags.stale:
        words = ngettext(
            "%(n)d flag looks stale: remove it from the code, then archive it",
            "%(n)d flags look stale: remove them from the code, then archive them",
            seen.flags.stale,
        )
        url = reverse("admin:flag-list", kwargs=scope.kwargs, query={"status": "stale"})
        yield Need("stale", _("Stale"), words % {"n": seen.flags.stale}, url)


def _locked(seen: Overview, scope: Scope) -> Iterator[Need]:
    for flag in seen.flags.locked:
        if flag.variant is not None:
            words = _("%(flag)s is locked to %(variant)s by %(variable)s")
            told = words % {"flag": flag.key, "variant": flag.variant, "variable": flag.variable}
            yield Need("locked", _("Locked"), told, _url("admin:flag-detail", scope, key=flag.key))


def _ailing(seen: Overview) -> Iterator[Need]:
    for part in seen.ailing:
        yield Need("warn", _("Health"), f"{part.name}: {part.words}", reverse("admin:health"))


def _keys(seen: Overview) -> Iterator[Need]:
    for key in seen.expiring:
        words = _("The API key %(key)s expires; rotate it before") % {"key": key}
        yield Need("warn", _("Expires"), words, reverse("admin:core_apikey_change", args=[key.pk]), key.expires_at)
    if seen.client_key is None and seen.flags.all:
        words = _("No client key yet: no app can ask for flags here")
        yield Need("info", _("Set up"), words, reverse("admin:core_apikey_add"))


def _url(name: str, scope: Scope, **kwargs: str) -> str:
    return reverse(name, kwargs=scope.kwargs | kwargs)
