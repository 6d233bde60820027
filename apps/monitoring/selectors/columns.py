"""The samples of many series at once, each series as two arrays: what a round of alert rules reads. Long stretches are
windows.py's, from rollups."""

import sys
from array import array
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, TypeVar

import orjson
from django.db import connection

from apps.monitoring.domain.columns import SECOND, Column, Point, moment_of
from apps.monitoring.domain.rollups import MINUTE
from apps.monitoring.domain.series import Labels
from apps.monitoring.models import MetricSeries
from apps.monitoring.selectors.windows import LOOK_BACK

Number = TypeVar("Number", int, float)
# One row for each series; its samples travel as PostgreSQL keeps them, so that no number becomes text on the way.
SAMPLES = """
    SELECT series_id, string_agg(timestamptz_send(at), '' ORDER BY at), string_agg(float8send(value), '' ORDER BY at)
    FROM monitoring_metricsample
    WHERE series_id = ANY(%(series)s) AND at > %(since)s AND at <= %(until)s
    GROUP BY series_id
"""
SERIES = """
    SELECT id, name, labels::text, kind FROM monitoring_metricseries
    WHERE environment_id = %(environment)s AND name = ANY(%(names)s) AND last_at > %(since)s
    ORDER BY id
"""


class Window:
    """(since, until], as columns count time."""

    __slots__ = ("since", "until")

    def __init__(self, since: datetime, until: datetime) -> None:
        self.since, self.until = moment_of(since), moment_of(until)


class Sampled(NamedTuple):
    """One series with the samples of a stretch of time, in which windows are cut."""

    labels: Labels
    kind: str
    column: Column

    @property
    def is_distribution(self) -> bool:
        return self.kind == MetricSeries.Kind.DISTRIBUTION

    def counted(self, window: Window) -> Sequence[Point]:
        """Of a counter each second, so that no reset is overlooked; else each minute. With the sample before."""
        unit = SECOND if self.kind == MetricSeries.Kind.COUNTER else MINUTE * SECOND
        return self.column.lasts(
            window.since, window.until, unit=unit, look_back=LOOK_BACK // timedelta(microseconds=1)
        )


def sampled(
    environment_id: int, names: Collection[str], *, since: datetime, until: datetime
) -> dict[str, list[Sampled]]:
    """By metric name, the series that have a sample in (since, until]. Two queries, however many series."""
    found: dict[str, list[Sampled]] = {name: [] for name in names}
    with connection.cursor() as cursor:
        cursor.execute(SERIES, {"environment": environment_id, "names": list(names), "since": since})
        rows = cursor.fetchall()
        cursor.execute(SAMPLES, {"series": [row[0] for row in rows], "since": since, "until": until})
        columns = {
            pk: Column(_read(array("q"), moments), _read(array("d"), values))
            for pk, moments, values in cursor.fetchall()
        }
    for pk, name, labels, kind in rows:
        if pk in columns:
            found[name].append(Sampled(_labels(labels), kind, columns[pk]))
    return found


def _read(into: "array[Number]", raw: bytes) -> "array[Number]":
    into.frombytes(raw)
    if sys.byteorder == "little":  # PostgreSQL sends the high byte first
        into.byteswap()
    return into


@lru_cache(maxsize=20_000)
def _labels(text: str) -> Labels:
    """Of many metrics the same, and the same in every round."""
    return tuple(sorted(orjson.loads(text).items()))
