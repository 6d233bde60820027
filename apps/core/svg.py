"""Icons and charts as SVG text. Plain data in, markup out; colours come from the style sheet."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# Drawn on a 16 by 16 grid, stroked with the text colour.
ICONS = {
    "pulse": "M1 8.5h3L6 3l3.5 10L12 6.5l1 2h2",
    "overview": "M2 2.5h5v5H2zM9 2.5h5v3H9zM9 8h5v5.5H9zM2 10h5v3.5H2z",
    "flag": "M3.5 14.5v-13M3.5 2.5h9l-2 3 2 3h-9",
    "steps": "M1.5 13.5h3.5v-3.5h3.5v-3.5h3.5v-3.5h2.5",
    "people": "M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5c.4-2.6 2-4 4.5-4s4.1 1.4 4.5 4"
    "M11 3a2.3 2.3 0 0 1 0 4.4M12 9.8c1.4.5 2.2 1.7 2.5 3.7",
    "person": "M8 7.5a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5zM2.5 14c.5-2.9 2.5-4.3 5.5-4.3s5 1.4 5.5 4.3",
    "role": "M8 1.5l5.5 2v4c0 3.3-2.1 5.8-5.5 7-3.4-1.2-5.5-3.7-5.5-7v-4zM5.5 8l2 2 3-3.5",
    "layers": "M8 2l6 3-6 3-6-3zM2 8l6 3 6-3M2 11l6 3 6-3",
    "box": "M2 2.5h12v4.5H2zM2 9h12v4.5H2zM4.5 4.8h.01M4.5 11.3h.01",
    "key": "M10.2 9.3a3.7 3.7 0 1 0-3.5-3.5L2 10.5V14h3v-2h2v-2h1.5zM11 5h.01",
    "trail": "M2.5 3.5v3h3M2.9 6.2A5.5 5.5 0 1 1 2.6 9.5M8 5v3.2l2.2 1.5",
    "seal": "M8 9.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5.5 8.8L4.5 14.5 8 12.6l3.5 1.9-1-5.7",
    "chart": "M2 14h12M4 11.5v-4M8 11.5v-9M12 11.5v-6",
    "history": "M4.5 3h9M4.5 8h9M4.5 13h9M1.8 3h.01M1.8 8h.01M1.8 13h.01",
    "health": "M8 13.7C3.6 10.9 1.7 8.6 1.7 6.1a3.1 3.1 0 0 1 6.3-1 3.1 3.1 0 0 1 6.3 1c0 2.5-1.9 4.8-6.3 7.6z",
    "book": "M2.5 3h4L8 4.2 9.5 3h4v9.5h-4L8 13.7l-1.5-1.2h-4zM8 4.2v9.5",
    "bell": "M8 1.8a4 4 0 0 1 4 4c0 3.6 1.5 4.7 1.5 4.7h-11S4 9.4 4 5.8a4 4 0 0 1 4-4zM6.5 13.2a1.6 1.6 0 0 0 3 0",
    "siren": "M3.5 13.5h9M4.5 13.5v-4a3.5 3.5 0 0 1 7 0v4M8 1.5v2M2.6 3.7l1.4 1.4M13.4 3.7L12 5.1M1 9h1.5M13.5 9H15",
    "send": "M14.5 1.5l-6 13-2.2-5.3L1.5 7zM14.5 1.5L6.3 9.2",
    "mute": "M1.5 6h2.7L8 2.8v10.4L4.2 10H1.5zM10.8 6l4 4M14.8 6l-4 4",
    "deploy": "M8 10.5v-8M4.7 5.8L8 2.5l3.3 3.3M2.5 10.5v3h11v-3",
    "server": "M2.5 2.5h11v3.5h-11zM2.5 10h11v3.5h-11zM5 4.25h.01M5 11.75h.01M8 6v4",
    "search": "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7l3.3 3.3",
    "menu": "M2 4h12M2 8h12M2 12h12",
    "down": "M4 6.5l4 4 4-4",
    "leave": "M6.5 2.5h-4v11h4M6 8h8M11 5l3 3-3 3",
    "check": "M3 8.5l3.2 3.2L13 4.5",
}


def icon(name: str) -> SafeString:
    """Decoration: the words beside it carry the meaning."""
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d="{}"/></svg>', ICONS[name]
    )


def bars(values: Sequence[int], *, label: str, height: int = 48) -> SafeString:
    """One bar per value, as wide as its container. `label` says in a sentence what it shows."""
    top, step = max([*values, 1]), 10
    rects = (
        (n * step, height - tall, step - 2, tall)
        for n, value in enumerate(values)
        if (tall := max(round(value / top * height), 1 if value == 0 else 3))
    )
    return format_html(
        '<svg class="chart" role="img" aria-label="{}" viewBox="0 0 {} {}" preserveAspectRatio="none">{}</svg>',
        label,
        max(len(values) * step - 2, 1),
        height,
        format_html_join("", '<rect x="{}" y="{}" width="{}" height="{}" rx="1.5"/>', rects),
    )


def stacked(columns: Sequence[Sequence[int]], *, label: str, height: int = 64) -> SafeString:
    """One bar per column, its parts on top of one another, in the colours of `.bar-a` to `.bar-d`."""
    top, step = max([1, *map(sum, columns)]), 10
    rects: list[tuple[object, ...]] = []
    for n, parts in enumerate(columns):
        foot = float(height)
        for place, part in enumerate(parts):
            tall = part / top * height
            foot -= tall
            if part:
                rects.append(("abcd"[place % 4], n * step, f"{foot:.2f}", step - 2, f"{tall:.2f}"))
    return format_html(
        '<svg class="chart stacked" role="img" aria-label="{}" viewBox="0 0 {} {}" preserveAspectRatio="none">{}</svg>',
        label,
        max(len(columns) * step - 2, 1),
        height,
        format_html_join("", '<rect class="bar-{}" x="{}" y="{}" width="{}" height="{}"/>', rects),
    )


def spark(values: Sequence[int], *, label: str, width: int = 96, height: int = 24) -> SafeString:
    """A line small enough for a table's cell, its highest point at the top."""
    top, step = max([*values, 1]), width / max(len(values) - 1, 1)
    points = " ".join(f"{n * step:.1f},{height - 1 - value / top * (height - 2):.1f}" for n, value in enumerate(values))
    return format_html(
        '<svg class="spark" role="img" aria-label="{}" viewBox="0 0 {} {}"><polyline points="{}"/></svg>',
        label,
        width,
        height,
        points,
    )


def trace(values: Sequence[float | None], *, bound: float, label: str, width: int = 96, height: int = 24) -> SafeString:
    """A line small enough for a row of a list, against a bound that is drawn across. None leaves a gap's place."""
    known = [value for value in values if value is not None]
    low, high = min(0.0, bound, *known), max(0.0, bound, *known)
    step, span = width / max(len(values) - 1, 1), (high - low) or 1.0

    def up(value: float) -> str:
        return f"{height - 1 - (value - low) / span * (height - 2):.1f}"

    points = " ".join(f"{n * step:.1f},{up(value)}" for n, value in enumerate(values) if value is not None)
    return format_html(
        '<svg class="spark trace" role="img" aria-label="{}" viewBox="0 0 {} {}">'
        '<path class="bound" d="M0 {}H{}"/><polyline points="{}"/></svg>',
        *(label, width, height, up(bound), width, points),
    )


def shares(weights: Sequence[int], *, label: str) -> SafeString:
    """A stacked bar: each weight's part of their sum, in the colours of `.bar-a` to `.bar-d`."""
    return format_html(
        '<svg class="bar" role="img" aria-label="{}" viewBox="0 0 100 8" preserveAspectRatio="none">{}</svg>',
        label,
        _stacked(weights),
    )


def placed(weights: Sequence[int], place: float, *, label: str) -> SafeString:
    """The same bar with a needle at `place`, which counts in the weights' unit."""
    x = place / (sum(weights) or 1) * 100
    return format_html(
        '<svg class="placed" role="img" aria-label="{}" viewBox="0 0 100 20" preserveAspectRatio="none">'
        '<svg y="6" width="100" height="8" viewBox="0 0 100 8" preserveAspectRatio="none">{}</svg>'
        '<rect class="needle-rim" x="{}" y="0" width="1.6" height="20"/>'
        '<rect class="needle" x="{}" y="0" width="0.8" height="20"/></svg>',
        label,
        _stacked(weights),
        f"{x - 0.8:.3f}",
        f"{x - 0.4:.3f}",
    )


def _stacked(weights: Sequence[int]) -> SafeString:
    total, rects, x = sum(weights) or 1, [], 0.0
    for n, weight in enumerate(weights):
        width = weight / total * 100
        rects.append(("abcd"[n % 4], f"{x:.3f}", f"{width:.3f}"))
        x += width
    return format_html_join("", '<rect class="bar-{}" x="{}" y="0" width="{}" height="8"/>', rects)


def lines(
    series: Sequence[Sequence[tuple[datetime, float]]],
    *,
    since: datetime,
    until: datetime,
    label: str,
    words: Callable[[float], str],
    bound: float | None = None,
    other_bound: float | None = None,
    marks: Sequence[datetime] = (),
    bands: Sequence[tuple[datetime, datetime]] = (),
    height: int = 120,
) -> SafeString:
    """One line per series of values over a stretch of time, on a common scale that holds zero and the bounds as well,
    which are drawn across. `marks` are drawn as upright lines, and `bands` behind, each from when to when. Both ends of
    both axes are told, values in `words`."""
    bounds = [(name, y) for name, y in (("bound", bound), ("bound-other", other_bound)) if y is not None]
    heights = [0.0, *(y for one in series for _at, y in one), *(y for _name, y in bounds)]
    low, high, width = min(heights), max(heights), 1000
    span, length = (high - low) or 1.0, (until - since).total_seconds() or 1.0

    def across(at: datetime) -> str:
        return f"{(at - since).total_seconds() / length * width:.0f}"

    def up(y: float) -> str:
        return f"{height - 2 - (y - low) / span * (height - 4):.1f}"

    behind = ((across(start), max(float(across(end)) - float(across(start)), 2), height) for start, end in bands)
    drawn = format_html(
        '<svg class="lines" role="img" aria-label="{}" viewBox="0 0 {} {}" preserveAspectRatio="none">{}{}{}{}</svg>',
        label,
        width,
        height,
        format_html_join("", '<rect class="band" x="{}" y="0" width="{}" height="{}"/>', behind),
        format_html_join("", '<path class="mark" d="M{} 0V{}"/>', ((across(at), height) for at in marks)),
        format_html_join("", '<path class="{}" d="M0 {}H{}"/>', ((name, up(y), width) for name, y in bounds)),
        format_html_join(
            "",
            '<polyline class="line-{}" points="{}"/>',
            (("abcd"[n % 4], " ".join(f"{across(at)},{up(y)}" for at, y in _dot(one))) for n, one in enumerate(series)),
        ),
    )
    ends = (_moment(at, until - since) for at in (since, until))
    return format_html(_PLOT, words(high) if high > low else "", words(low), drawn, *ends)


def _dot(points: Sequence[tuple[datetime, float]]) -> Sequence[tuple[datetime, float]]:
    """A lonely point is a line to itself: the round ends make a dot of it."""
    return [*points, *points] if len(points) == 1 else points


_PLOT = (
    '<div class="plot"><span class="plot-high">{}</span><span class="plot-low">{}</span>{}'
    '<span class="plot-from">{}</span><span class="plot-until">{}</span></div>'
)


def _moment(at: datetime, stretch: timedelta) -> str:
    """The time of day, with the day where one is not enough."""
    return f"{at:%H:%M} UTC" if stretch < timedelta(days=1) else f"{at:%m-%d %H:%M} UTC"
