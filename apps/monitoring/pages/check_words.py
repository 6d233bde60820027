"""Health checks as people see them: a pill for the state, a bar for the days, a line for the response times."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import svg
from apps.core.pages import Pill
from apps.monitoring.domain.checks import uptime
from apps.monitoring.domain.checks.standing import State, words
from apps.monitoring.domain.checks.uptime import Day, overall
from apps.monitoring.models import HealthCheck
from apps.monitoring.selectors.checks import standing_of, thresholds_of

TONES = {State.UP: "on", State.FAILING: "warn", State.DOWN: "killed", State.PAUSED: "off", State.NEW: "info"}
STEP, HEIGHT = 4, 24
# How tall a day is: the shape tells as much as the colour.
TALL = {"up": HEIGHT, "part": HEIGHT * 2 // 3, "down": HEIGHT // 3, "unknown": 3}
MANY = 0.5  # less of a known day than this, and it counts as down


def state_pill(row: HealthCheck) -> Pill:
    standing = standing_of(row)
    told = words(standing, thresholds_of(row))
    return Pill(TONES[standing.state], told[:1].upper() + told[1:])


def percent(share: float | None) -> str:
    return _("no data") if share is None else uptime.percent(share)


def bar(days: Sequence[Day]) -> SafeString:
    """One rect per day. Each says its date and share where a mouse rests; the whole says it in one sentence."""
    rects = (
        (kind, n * STEP, HEIGHT - TALL[kind], STEP - 1, TALL[kind], f"{day.day:%Y-%m-%d}: {percent(day.share)}")
        for n, day in enumerate(days)
        for kind in [_kind(day)]
    )
    return format_html(
        '<svg class="uptime" role="img" aria-label="{}" viewBox="0 0 {} {}" preserveAspectRatio="none">{}</svg>',
        bar_words(days),
        len(days) * STEP - 1,
        HEIGHT,
        format_html_join(
            "",
            '<rect class="day-{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
            rects,
        ),
    )


def bar_words(days: Sequence[Day]) -> str:
    """As in "99.95 % up in the last 90 days, not wholly up on 2 days"."""
    share = overall(days)
    if share is None:
        return _("Nothing is known of the last %(n)d days") % {"n": len(days)}
    bad = sum(_kind(day) in ("part", "down") for day in days)
    told = ngettext("not wholly up on %(bad)d day", "not wholly up on %(bad)d days", bad) % {"bad": bad}
    return _("%(share)s up in the last %(n)d days, %(told)s") % {"share": percent(share), "n": len(days), "told": told}


def response_times(
    points: Sequence[tuple[datetime, float]], *, since: datetime, until: datetime, bound: float | None
) -> SafeString:
    worst = max(seconds for _at, seconds in points)
    label = _("Response times of the last 24 hours, at most %(worst)s") % {"worst": latency(worst)}
    near = bound if bound is not None and worst > bound / 4 else None  # a far one would press the line flat
    return svg.lines([points], since=since, until=until, label=label, words=latency, bound=near)


def latency(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1_000:,.0f} ms"


def _kind(day: Day) -> str:
    if day.share is None:
        return "unknown"
    if not day.down_seconds:
        return "up"
    return "down" if day.share < MANY else "part"
