"""Storing samples of metrics. Exempt from the audit trail: machine-written rows.

Per push: one query for the series that this process does not know yet, one insert for new ones, one for the samples,
one for the minutes to roll up again, however many samples there are.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from apps.core import bus
from apps.core.database import array
from apps.core.models import Environment
from apps.monitoring.domain.rollups import MINUTE, start_of
from apps.monitoring.domain.samples import MetricKind, Sample
from apps.monitoring.domain.series import Series
from apps.monitoring.domain.values import Refused
from apps.monitoring.live import series_ids
from apps.monitoring.models import MetricSeries

MAX_SERIES = 20_000  # in one environment
DISTRIBUTIONS = ("_seconds", "_milliseconds", "web_vitals_cls")  # so ends a name whose samples are measurements

# Rows are written in one order everywhere, so that two pushes at once do not wait for each other in a circle.
ADD_SERIES = """
    INSERT INTO monitoring_metricseries (environment_id, name, labels, fingerprint, kind, created_at, last_at)
    SELECT %(environment)s, given.name, given.labels::jsonb, given.fingerprint, given.kind, %(at)s, %(at)s
    FROM unnest(%(names)s::text[], %(labels)s::text[], %(fingerprints)s::uuid[], %(kinds)s::text[])
         AS given(name, labels, fingerprint, kind)
    ORDER BY given.fingerprint
    ON CONFLICT (environment_id, fingerprint) DO NOTHING
"""
ADD_SAMPLES = """
    INSERT INTO monitoring_metricsample (series_id, at, value)
    SELECT given.series_id, given.at, given.value
    FROM unnest(%(series)s::bigint[], %(moments)s::timestamptz[], %(values)s::float8[]) AS given(series_id, at, value)
    ORDER BY given.series_id, given.at
    ON CONFLICT (series_id, at) DO UPDATE SET value = EXCLUDED.value
"""
# Writing a minute that is there already locks it, so that nobody rolls it up before these samples can be seen.
MARK_MINUTES = """
    INSERT INTO monitoring_dirtyminute AS known (series_id, start)
    SELECT given.series_id, given.start
    FROM unnest(%(series)s::bigint[], %(starts)s::timestamptz[]) AS given(series_id, start)
    ORDER BY given.series_id, given.start
    ON CONFLICT (series_id, start) DO UPDATE SET start = known.start
"""
NOTE_LAST = """
    UPDATE monitoring_metricseries AS series SET last_at = given.at
    FROM unnest(%(series)s::bigint[], %(moments)s::timestamptz[]) AS given(series_id, at)
    WHERE series.id = given.series_id AND series.last_at < given.at
"""


def record(
    *, environment_id: int, samples: Sequence[Sample], at: datetime, kinds: Mapping[str, MetricKind] | None = None
) -> tuple[Refused, ...]:
    """Store samples that were read already. `kinds` by metric name, where the sender says so. Returns those that did
    not fit: each would begin a series beyond the environment's limit."""
    if not samples:
        return ()
    with transaction.atomic(savepoint=False):
        ids = _series(environment_id, {one.series for one in samples}, kinds or {}, at)
        stored = {(ids[one.series], one.at): float(one.value) for one in samples if one.series in ids}
        if stored:
            _store(stored)
            bus.hint(bus.SAMPLES, environment=environment_id, names=sorted({one.series.name for one in samples}))
    reason = f"would begin a new series, and {MAX_SERIES:,} are allowed in an environment; use fewer label values"
    return tuple(Refused(place, "labels", reason) for place, one in enumerate(samples) if one.series not in ids)


def _series(
    environment_id: int, wanted: set[Series], kinds: Mapping[str, MetricKind], at: datetime
) -> Mapping[Series, int]:
    """Ids of these series, made where they are missing and the limit lets them."""
    remembered = series_ids.known(environment_id, wanted)
    if len(remembered) == len(wanted):
        return remembered
    by_fingerprint = {one.fingerprint: one for one in wanted if one not in remembered}
    known = _known(environment_id, by_fingerprint)
    missing = sorted(by_fingerprint.keys() - known.keys())
    if missing:
        Environment.objects.select_for_update(no_key=True).get(pk=environment_id)  # two pushes count one after another
        room = MAX_SERIES - MetricSeries.objects.filter(environment=environment_id).count()
        _add(environment_id, [by_fingerprint[one] for one in missing[: max(0, room)]], kinds, at)
        known = _known(environment_id, by_fingerprint)
    ids = {by_fingerprint[fingerprint]: pk for fingerprint, pk in known.items()}
    series_ids.learn(environment_id, ids)
    return remembered | ids


def _known(environment_id: int, by_fingerprint: Mapping[UUID, Series]) -> dict[UUID, int]:
    rows = MetricSeries.objects.filter(environment=environment_id, fingerprint__in=list(by_fingerprint))
    return dict(rows.values_list("fingerprint", "pk"))


def _add(environment_id: int, series: Sequence[Series], kinds: Mapping[str, MetricKind], at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            ADD_SERIES,
            {
                "environment": environment_id,
                "at": at,
                "names": [one.name for one in series],
                "labels": [json.dumps(dict(one.labels)) for one in series],
                "fingerprints": [one.fingerprint for one in series],
                "kinds": [_kind(one.name, kinds.get(one.name)) for one in series],
            },
        )


def _kind(name: str, said: MetricKind | None) -> str:
    if said is MetricKind.COUNTER or (said is None and name.endswith("_total")):
        return MetricSeries.Kind.COUNTER
    if said in (None, MetricKind.UNTYPED) and name.endswith(DISTRIBUTIONS):
        return MetricSeries.Kind.DISTRIBUTION
    return MetricSeries.Kind.GAUGE


def _store(stored: Mapping[tuple[int, datetime], float]) -> None:
    minutes = sorted({(series_id, start_of(at, MINUTE)) for series_id, at in stored})
    newest = dict(sorted(stored))  # the last moment of each series, in the order of ids
    with connection.cursor() as cursor:
        series, moments = zip(*stored, strict=True)
        given = {"series": array(series), "moments": array(moments), "values": array(stored.values())}
        cursor.execute(ADD_SAMPLES, given)
        series, starts = zip(*minutes, strict=True)
        cursor.execute(MARK_MINUTES, {"series": array(series), "starts": array(starts)})
        cursor.execute(NOTE_LAST, {"series": array(newest), "moments": array(newest.values())})
