"""How often a flag was asked for, as charts with their tables: the last day by the hour, the last month by the day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import svg
from apps.flags import selectors
from apps.flags.models import Flag, FlagState
from apps.flags.selectors import Interval, definitions

DAY_HOURS, MONTH_DAYS = 24, 30
MOST_SHOWN = 4  # colours; of more variants the rest is drawn as one


@dataclass(frozen=True, slots=True)
class Chart:
    total: int
    words: str  # the chart in a sentence
    svg: SafeString
    variants: list[tuple[str, int]]  # columns of the table, each with its sum
    legend: list[tuple[str, int]]  # in the colours' order
    rows: list[tuple[datetime, list[int]]]  # an hour or a day: a count per column


@dataclass(frozen=True, slots=True)
class Shown:
    last_served_at: datetime | None
    day: Chart
    month: Chart


@dataclass(frozen=True, slots=True)
class Recent:
    """The last day in a cell of the list."""

    total: int
    spark: SafeString
    last_served_at: datetime | None


def first_hour(at: datetime) -> datetime:
    """The 24 hours that are shown begin here; the last of them still runs."""
    return Interval.HOUR.start(at) - timedelta(hours=DAY_HOURS - 1)


def recent(hours: Mapping[datetime, int], last_served_at: datetime | None, *, at: datetime) -> Recent:
    values = [hours.get(first_hour(at) + timedelta(hours=n), 0) for n in range(DAY_HOURS)]
    label = _("Evaluations by the hour, the last 24 hours; at most %(most)d in one") % {"most": max(values)}
    return Recent(sum(values), svg.spark(values, label=label), last_served_at)


def shown(flag: Flag, state: FlagState, *, at: datetime) -> Shown:
    month = Interval.DAY.start(at) - timedelta(days=MONTH_DAYS - 1)
    return Shown(
        last_served_at=selectors.last_served_at(state),
        day=_chart(flag, state, Interval.HOUR, first_hour(at), at),
        month=_chart(flag, state, Interval.DAY, month, at),
    )


def _chart(flag: Flag, state: FlagState, interval: Interval, since: datetime, at: datetime) -> Chart:
    used = selectors.usage(flag, since=since, until=at, interval=interval, environment=state.environment)
    variants = _in_order(flag, used.by_variant())
    rows = [(start, [counts.get(name, 0) for name, _sum in variants]) for start, counts in used.by_start()]
    words = _sentence(variants, rows, interval)
    return Chart(
        total=used.total,
        words=words,
        svg=svg.stacked([_folded(counts) for _start, counts in rows], label=words),
        variants=variants,
        legend=_legend(variants),
        rows=rows,
    )


def _in_order(flag: Flag, sums: Mapping[str, int]) -> list[tuple[str, int]]:
    """The variants served, as the flag orders them; those that it no longer has come last."""
    present = [variant.key for variant in definitions.variants(flag)]
    known = dict.fromkeys([*(key for key in present if key in sums), *sums])
    return [(key, sums[key]) for key in known]


def _folded(counts: Sequence[int]) -> list[int]:
    if len(counts) <= MOST_SHOWN:
        return list(counts)
    return [*counts[: MOST_SHOWN - 1], sum(counts[MOST_SHOWN - 1 :])]


def _legend(variants: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    if len(variants) <= MOST_SHOWN:
        return list(variants)
    others = variants[MOST_SHOWN - 1 :]
    words = ngettext("%(n)d other variant", "%(n)d other variants", len(others)) % {"n": len(others)}
    return [*variants[: MOST_SHOWN - 1], (words, sum(count for _key, count in others))]


def _sentence(
    variants: Sequence[tuple[str, int]], rows: Sequence[tuple[datetime, Sequence[int]]], interval: Interval
) -> str:
    """As in "1,200 evaluations in the last 24 hours: 900 on, 300 off; most at 14:00 UTC, 220"."""
    total = sum(count for _key, count in variants)
    start, counts = max(rows, key=lambda row: sum(row[1]))
    facts = {
        "total": f"{total:,}",
        "variants": ", ".join(f"{count:,} {key}" for key, count in _legend(variants)),
        "most": f"{sum(counts):,}",
    }
    if interval is Interval.HOUR:
        words = _("%(total)s evaluations in the last 24 hours: %(variants)s; most from %(start)s UTC on, %(most)s")
        return words % {**facts, "start": f"{start:%H:%M}"}
    words = _("%(total)s evaluations in the last 30 days: %(variants)s; most on %(start)s, %(most)s")
    return words % {**facts, "start": f"{start:%Y-%m-%d}"}
