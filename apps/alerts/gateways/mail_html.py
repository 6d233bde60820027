"""The HTML of a mail: no images, no scripts, nothing loaded. Colours stand at each element for clients that drop style
sheets; the sheet at the top turns them for dark screens. What is said comes from email.py; nothing is decided here."""

from collections.abc import Sequence
from html import escape

from apps.alerts.domain.charts import Chart, Point
from apps.alerts.gateways.messages import Link

Lines = Sequence[tuple[str, str]]  # text and the address it leads to, or none
HEIGHT = 96  # pixels of a chart
TONES = {"critical": "#b3261e", "error": "#b45309", "warning": "#8a6100", "info": "#1d4ed8", "well": "#15803d"}
WHOLE = "width='100%' cellpadding='0' cellspacing='0'"
FONT = "font-family:system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif"
INK, MUTED, PAPER, AROUND, LINE, LINK, BAR = "#1f2328", "#57606a", "#ffffff", "#f3f4f6", "#d0d7de", "#1d4ed8", "#8c96a3"
SHEET = """
:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){
.around{background:#111418!important}.paper{background:#1b1f24!important;border-inline-color:#3a424c!important;border-bottom-color:#3a424c!important}

.ink{color:#e6e9ec!important}.muted{color:#a9b3bd!important}.link{color:#8ab4ff!important}
.rule{border-color:#3a424c!important}.bar{background:#7d8894!important}.limit{border-color:#e6e9ec!important}
.beyond-critical{background:#ff8a80!important}.beyond-error{background:#ffab5e!important}
.beyond-warning{background:#f5c451!important}.beyond-info,.beyond-well{background:#8ab4ff!important}
.second{background:#1b1f24!important;color:#e6e9ec!important;border-color:#7d8894!important}}
@media (max-width:480px){.pad{padding:16px!important}.button{display:block!important;margin-right:0!important}}
"""


def page(
    *,
    tone: str,
    beyond: str,
    title: str,
    seen: str,
    description: str,
    links: Sequence[Link],
    chart: Chart | None,
    facts: Sequence[tuple[str, str]],
    lists: Sequence[tuple[str, Lines]],
    foot: str,
) -> str:
    """`tone` is the severity, or "well"; `beyond` is the tone of bars beyond the threshold, whatever came of it."""
    parts = [
        _heading("h1", title, "font-size:20px;line-height:1.3;margin:0 0 8px"),
        _paragraph(seen, "font-size:16px;font-weight:600"),
        _paragraph(description, "font-size:14px;white-space:pre-line") if description else "",
        _buttons(links, tone),
        _chart(chart, beyond) if chart else "",
        _facts(facts),
        *(_list(heading, lines) for heading, lines in lists),
        f"<p class='muted' style='{FONT};font-size:12px;margin:24px 0 0;color:{MUTED}'>{escape(foot)}</p>",
    ]
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        "<meta name='color-scheme' content='light dark'><meta name='supported-color-schemes' content='light dark'>"
        f"<title>{escape(title)}</title><style>{SHEET}</style></head>"
        f"<body class='around' style='margin:0;padding:0;background:{AROUND}'>"
        f"<table role='presentation' {WHOLE} class='around' style='background:{AROUND}'>"
        "<tr><td align='center' style='padding:16px 8px'>"
        f"<table role='presentation' {WHOLE} style='max-width:640px'>"
        f"<tr><td class='paper pad' align='left' style='padding:24px;background:{PAPER};border:1px solid {LINE};"
        f"border-top:5px solid {TONES[tone]};border-radius:8px;overflow-wrap:anywhere'>"
        + "\n".join(part for part in parts if part)
        + "</td></tr></table></td></tr></table></body></html>\n"
    )


def _heading(level: str, text: str, style: str) -> str:
    return f"<{level} class='ink' style='{FONT};{style};color:{INK}'>{escape(text)}</{level}>"


def _paragraph(text: str, style: str) -> str:
    return f"<p class='ink' style='{FONT};{style};line-height:1.45;margin:0 0 12px;color:{INK}'>{escape(text)}</p>"


def _buttons(links: Sequence[Link], tone: str) -> str:
    """The first is what most people came for."""
    shape = f"{FONT};display:inline-block;padding:10px 16px;margin:0 8px 8px 0;border-radius:6px;font-size:14px;"
    shape += "font-weight:600;line-height:1.4;text-align:center;text-decoration:none"
    looks = [("first", f"background:{TONES[tone]};color:#ffffff;border:1px solid {TONES[tone]}")]
    looks += [("second", f"background:{PAPER};color:{INK};border:1px solid {BAR}")] * (len(links) - 1)
    made = (
        f"<a class='button {name}' href='{escape(link.url)}' style='{shape};{look}'>{escape(link.words)}</a>"
        for link, (name, look) in zip(links, looks, strict=False)
    )
    return f"<div style='margin:16px 0 8px'>{''.join(made)}</div>" if links else ""


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    cell = f"{FONT};font-size:14px;border-top:1px solid {LINE}"
    head = f"{cell};font-weight:400;padding:6px 16px 6px 0;color:{MUTED};white-space:nowrap"
    rows = (
        f"<tr><th class='muted rule' scope='row' align='left' valign='top' style='{head}'>{escape(name)}</th>"
        f"<td class='ink rule' style='{cell};padding:6px 0;color:{INK}'>{escape(words)}</td></tr>"
        for name, words in facts
    )
    return f"<table {WHOLE} style='margin:16px 0 0'>{''.join(rows)}</table>"


def _list(heading: str, lines: Lines) -> str:
    items = "".join(f"<li style='margin:0 0 6px'>{_line(text, url)}</li>" for text, url in lines)
    style = f"{FONT};font-size:14px;line-height:1.45;color:{INK}"
    return (
        f"{_heading('h2', heading, 'font-size:15px;margin:20px 0 8px')}"
        f"<ul class='ink' style='{style};margin:0;padding:0 0 0 20px'>{items}</ul>"
    )


def _line(text: str, url: str) -> str:
    return f"<a class='link' href='{escape(url)}' style='color:{LINK}'>{escape(text)}</a>" if url else escape(text)


def _chart(chart: Chart, tone: str) -> str:
    """Bars of table cells in two rows, above and below the threshold: the border between them is its line, so that
    shape tells what is beyond it."""
    low, high = chart.scale
    line = _pixels(chart.threshold, low, high)
    rows = [(HEIGHT - line, True), (line, False)]
    drawn = "".join(_row(chart, tone, tall, line, upper=upper) for tall, upper in rows if tall)
    half, style = len(chart.points) // 2, f"{FONT};font-size:11px;color:{MUTED};padding:2px 0 0"
    ends = [(chart.points[0].at, "left", half), (chart.points[-1].at, "right", len(chart.points) - half)]
    times = "".join(
        f"<td colspan='{span}' align='{side}' class='muted' style='{style}'>{at:%H:%M}</td>" for at, side, span in ends
    )
    return (
        f"<div style='margin:16px 0'><table role='img' aria-label='{escape(chart.words)}' {WHOLE} "
        f"style='table-layout:fixed;border-collapse:collapse'>{drawn}<tr>{times}</tr></table>"
        f"<p class='muted' style='{FONT};font-size:13px;line-height:1.45;margin:6px 0 0;color:{MUTED}'>"
        f"{escape(chart.words)}. The dashed line is the limit.</p></div>"
    )


def _row(chart: Chart, tone: str, tall: int, line: int, *, upper: bool) -> str:
    side = "bottom" if upper else "top"
    style = f"height:{tall}px;padding:0 1px;font-size:0;line-height:0;vertical-align:bottom"
    cells = (
        f"<td class='limit' height='{tall}' valign='bottom' style='{style};border-{side}:1px dashed {INK}'>"
        f"{_bar(point, chart, tone, line, upper=upper)}</td>"
        for point in chart.points
    )
    return f"<tr>{''.join(cells)}</tr>"


def _bar(point: Point, chart: Chart, tone: str, line: int, *, upper: bool) -> str:
    if point.value is None:
        return ""
    whole = max(_pixels(point.value, *chart.scale), 1)
    tall = max(whole - line, 0) if upper else min(whole, line)
    if not tall:
        return ""
    name, colour = (f"beyond-{tone}", TONES[tone]) if point.beyond else ("bar", BAR)
    return f"<div class='{name}' style='height:{tall}px;background:{colour}'></div>"


def _pixels(value: float, low: float, high: float) -> int:
    share = (value / 2 - low / 2) / (high / 2 - low / 2)  # halves cannot overflow
    return round(share * HEIGHT)
