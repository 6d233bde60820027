"""A public status page as HTML, JSON and an Atom feed. It shows what the selector told, and asks for nothing else."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html, format_html_join, linebreaks
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.alerts.domain.status import Day, Impact
from apps.alerts.models import Impact as Words
from apps.alerts.selectors.status import ComponentTold, IncidentTold, PageTold
from apps.monitoring.domain.checks import uptime

HISTORY_DAYS = 14  # shown one by one; older days only where something was
STEP, HEIGHT = 4, 32
# How tall a day is: the shape tells as much as the colour.
TALL = {
    Impact.OPERATIONAL: HEIGHT,
    Impact.MAINTENANCE: HEIGHT * 3 // 4,
    Impact.DEGRADED: HEIGHT * 3 // 4,
    Impact.PARTIAL_OUTAGE: HEIGHT // 2,
    Impact.MAJOR_OUTAGE: HEIGHT // 4,
}
# One sign for each state beside its words, so that no colour is needed.
SIGNS = {
    Impact.OPERATIONAL: "✓",
    Impact.MAINTENANCE: "⚒",
    Impact.DEGRADED: "▼",
    Impact.PARTIAL_OUTAGE: "◐",
    Impact.MAJOR_OUTAGE: "✕",
}
FRESH, STALE = b"<!--fresh-->", b'<p class="stale" role="status">%s</p>'
CONTROL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127))  # no XML may hold these


@dataclass(frozen=True, slots=True)
class Body:
    """One answer: what is sent, and its name for caches."""

    content: bytes
    packed: bytes  # by gzip: ninety bars for each component are much alike
    etag: bytes  # without its quotes


@dataclass(frozen=True, slots=True)
class Rendered:
    at: datetime
    html: str
    json: str
    atom: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A component on the page."""

    told: ComponentTold
    word: str
    sign: str
    tone: str
    bar: SafeString
    uptime: str
    bad: tuple[tuple[date, str], ...]  # days that were not well, the newest first


def rendered(told: PageTold) -> Rendered:
    return Rendered(told.at, page_html(told), page_json(told), page_atom(told))


def page_html(told: PageTold, *, preview: bool = False) -> str:
    context = {
        "page": told,
        "address": page_url(told.slug),
        "sign": SIGNS[told.state],
        "tone": tone(told.state),
        "components": [_shown(one) for one in told.components],
        "open": [(one, word(one.impact), SIGNS[one.impact], tone(one.impact)) for one in told.open],
        "history": list(_history(told)),
        "fresh": "" if preview else SafeString(FRESH.decode()),
        "preview": preview,
    }
    return render_to_string("status/page.html", context)


def page_json(told: PageTold) -> str:
    facts = {
        "page": {"title": told.title, "url": page_url(told.slug), "text": told.text},
        "as_of": told.at.isoformat(),
        "stale": False,
        "state": told.state,
        "sentence": told.sentence,
        "components": [_component_facts(one) for one in told.components],
        "incidents": [_incident_facts(one) for one in told.incidents],
    }
    return json.dumps(facts, ensure_ascii=False)


def page_atom(told: PageTold) -> str:
    url = page_url(told.slug)
    feed = Atom1Feed(
        title=_plain(told.title), link=url, description=_plain(told.sentence), feed_url=f"{url}feed.atom", language="en"
    )
    for one in told.incidents:
        feed.add_item(
            title=_plain(f"{one.title} ({one.status})"),
            link=f"{url}#incident-{one.id}",
            description=_plain(_feed_text(one)),
            unique_id=f"{url}#incident-{one.id}",
            pubdate=one.opened_at,
            updateddate=one.changed_at,
        )
    return feed.writeString("utf-8")


def page_url(slug: str) -> str:
    return f"{settings.PUBLIC_URL}/status/{slug}/"


def word(impact: Impact) -> str:
    return str(Words(impact).label)


def tone(impact: Impact | None) -> str:
    return "none" if impact is None else impact.lower().replace("_", "-")


def percent(share: float | None) -> str:
    return "" if share is None else uptime.percent(share)


def fresh(one: Rendered) -> tuple[Body, Body, Body]:
    """HTML, JSON and Atom."""
    return _body(one.html.encode().replace(FRESH, b"")), _body(one.json.encode()), _body(one.atom.encode())


def stale(one: Rendered) -> tuple[Body, Body]:
    """HTML and JSON that say that they are old."""
    words = _("This page could not be brought up to date since %(at)s. What it says may have changed.")
    words %= {"at": _moment(one.at)}
    page = one.html.encode().replace(FRESH, STALE % words.encode())
    facts = json.loads(one.json) | {"stale": True}
    return _body(page), _body(json.dumps(facts, ensure_ascii=False).encode())


def _body(content: bytes) -> Body:
    packed = gzip.compress(content, mtime=0)
    return Body(content, packed, blake2b(content, digest_size=12).hexdigest().encode())


def _shown(one: ComponentTold) -> Shown:
    bad = tuple((day.day, _day_words(day)) for day in reversed(one.days) if day.impact not in (None, "OPERATIONAL"))
    return Shown(one, word(one.state), SIGNS[one.state], tone(one.state), _bar(one, len(bad)), percent(one.share), bad)


def _bar(one: ComponentTold, bad: int) -> SafeString:
    """One rect for each day, which says its date and state where a mouse rests; the whole says it in a sentence."""
    rects = (
        (tone(day.impact), n * STEP, HEIGHT - tall, STEP - 1, tall, f"{day.day:%Y-%m-%d}: {_day_words(day)}")
        for n, day in enumerate(one.days)
        for tall in [TALL[day.impact] if day.impact else 3]
    )
    return format_html(
        '<svg class="days" role="img" aria-label="{}" viewBox="0 0 {} {}" preserveAspectRatio="none">{}</svg>',
        _bar_words(one, bad),
        len(one.days) * STEP - 1,
        HEIGHT,
        format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>', rects),
    )


def _bar_words(one: ComponentTold, bad: int) -> str:
    unknown = sum(day.impact is None for day in one.days)
    told = ngettext("not well on %(bad)d day", "not well on %(bad)d days", bad) % {"bad": bad}
    sentence = _("%(name)s in the last %(n)d days: %(told)s") % {"name": one.name, "n": len(one.days), "told": told}
    return sentence + (_(", no data for %(n)d") % {"n": unknown} if unknown else "")


def _day_words(day: Day) -> str:
    if day.impact is None:
        return _("no data")
    return word(day.impact) + (f", {percent(day.share)}" if day.share is not None else "")


def _history(told: PageTold) -> Iterator[tuple[date, list[IncidentTold]]]:
    """The newest day first."""
    today = told.at.astimezone(UTC).date()
    by_day: dict[date, list[IncidentTold]] = {today - timedelta(days=n): [] for n in range(HISTORY_DAYS)}
    for one in told.incidents:
        by_day.setdefault(one.day, []).append(one)
    yield from sorted(by_day.items(), reverse=True)


def _component_facts(one: ComponentTold) -> dict[str, Any]:
    return {
        "key": one.key,
        "name": one.name,
        "description": one.description,
        "state": one.state,
        "uptime": one.share,
        "days": [{"day": day.day.isoformat(), "state": day.impact, "uptime": day.share} for day in one.days],
    }


def _incident_facts(one: IncidentTold) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "status": one.status,
        "impact": one.impact,
        "components": list(one.components),
        "opened_at": one.opened_at.isoformat(),
        "resolved_at": one.resolved_at.isoformat() if one.resolved_at else None,
        "updates": [
            {"at": u.at.isoformat(), "status": u.status, "impact": u.impact, "text": u.text} for u in one.updates
        ],
    }


def _feed_text(one: IncidentTold) -> str:
    told = format_html_join(
        "",
        "<p><strong>{}</strong>, {}</p>{}",
        (
            (u.status, f"{u.at:%Y-%m-%d %H:%M} UTC", SafeString(linebreaks(u.text, autoescape=True)))
            for u in one.updates
        ),
    )
    return told or format_html("<p>{}</p>", word(one.impact))


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _plain(text: str) -> str:
    return text.translate(CONTROL)
