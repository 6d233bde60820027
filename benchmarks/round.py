"""CPU seconds of one whole round of 2,000 rules over 100 series each: samples read from PostgreSQL, every rule stepped,
standings, alerts, notices and verdicts written. Half the rules look at the last value, half at 5 minutes of samples,
one every 15 seconds; about 8 % of the series are bad.

`ours` is this process, `database` its PostgreSQL backend, `CPU s/round` both. `first` is the round in which everything
fires. With `--prometheus` the real one, where it is installed, scrapes as many series and judges as many rules."""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from _installation import running
from _prometheus import seconds_per_round

RULES, SERIES = 2_000, 100
ROUND, PERIOD = timedelta(seconds=15), 15
ALLOWED = 4.0  # CPU seconds, of Prometheus 2.42
WINDOW = timedelta(minutes=5)
SHARED = {"environments": 1, "metrics": 200}  # ten rules look at each metric
DISTINCT = {"environments": 10, "metrics": 200}  # no two rules look at the same: 200,000 series
SERIES_ROWS = """
    INSERT INTO monitoring_metricseries (environment_id, name, labels, fingerprint, kind, created_at, last_at)
    SELECT e, 'load_' || m || suffix, jsonb_build_object('instance', '10.0.' || s || '.1:9100', 'job', 'node', 'zone',
           'zone-' || s %% 3), gen_random_uuid(), kind, now(), %(last)s
    FROM unnest(%(environments)s::bigint[]) e, generate_series(0, %(metrics)s - 1) m,
         generate_series(0, %(series)s - 1) s,
         LATERAL (SELECT CASE WHEN m %% 4 = 3 THEN '_total' ELSE '' END AS suffix,
                         CASE WHEN m %% 4 = 3 THEN 'COUNTER' ELSE 'GAUGE' END AS kind) named
"""
SAMPLE_ROWS = """
    INSERT INTO monitoring_metricsample (series_id, at, value)
    SELECT series.id, at, CASE WHEN kind = 'COUNTER' THEN n * 15 * level ELSE level + (random() - 0.5) / 25 END
    FROM (SELECT id, kind, hashint8(id) / 4294967296.0 + 0.5 AS level FROM monitoring_metricseries OFFSET 0) series,
         LATERAL generate_series(%(first)s::timestamptz, %(last)s::timestamptz, '15 seconds') WITH ORDINALITY g(at, n)
"""


def definition(metric: int, number: int) -> dict[str, object]:
    """Every other rule over 5 minutes. Of a metric's rules three ask each question, as warning and critical do."""
    counter = metric % 4 == 3
    long = [("rate", 300)] if counter else [("avg", 300), ("max", 300)]
    short = [("rate", 60)] if counter else [("last", 60)]
    aggregate, seconds = long[number // 2 % len(long)] if number % 2 else short[0]
    return {
        "key": f"load_{metric}_{number}",
        "name": f"Load {metric}",
        "severity": ("warning", "error", "critical")[number % 3],
        "query": {
            "metric": f"load_{metric}" + ("_total" if counter else ""),
            "aggregate": aggregate,
            "window_seconds": seconds,
        },
        "comparison": "gt",
        "threshold": 0.92 + number / 1_000,
        "for_seconds": 30,
        "keep_firing_for_seconds": 60,
    }


def fill(
    project_id: int, mix: dict[str, int], at: datetime, rounds: int, *, rules: int, threshold: float | None
) -> None:
    from django.db import connection

    from apps.alerts.domain.parsing import dump_rule, parse_rule
    from apps.alerts.models import AlertRule, RuleStanding
    from apps.core.models import Environment
    from apps.monitoring import services

    places = [
        Environment.objects.create(project_id=project_id, key=f"e{n}", name=f"E{n}", kind="STAGING", created_at=at)
        for n in range(mix["environments"])
    ]
    last = at + rounds * ROUND
    services.make_partitions(at=at)
    with connection.cursor() as cursor:
        given: dict[str, Any] = {
            "environments": [one.pk for one in places],
            "metrics": mix["metrics"],
            "series": SERIES,
        }
        cursor.execute(SERIES_ROWS, given | {"last": last})
        cursor.execute(SAMPLE_ROWS, {"first": at - WINDOW - ROUND, "last": last})
    made = []
    for number in range(rules):
        place, metric = divmod(number, mix["metrics"]) if len(places) > 1 else (0, number % mix["metrics"])
        raw = definition(metric, number % 10 if len(places) > 1 else number // mix["metrics"])
        if threshold is not None:
            raw |= {"threshold": threshold}
        rule = parse_rule(raw)
        row = AlertRule(environment=places[place % len(places)], key=f"{rule.key}_{number}", created_at=at)
        row.name, row.severity, row.definition = rule.name, rule.severity, dump_rule(rule)
        made.append(row)
    AlertRule.objects.bulk_create(made)
    RuleStanding.objects.bulk_create([RuleStanding(rule=row, due_at=at) for row in made])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measured(judge: Callable[[datetime], int], moments: list[datetime]) -> Iterator[tuple[float, float, float]]:
    """CPU seconds of ours and of the database's, and seconds by the clock, of each round."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = int(cursor.fetchone()[0])
    for at in moments:
        ours, database, began = own_cpu(), cpu_of(backend), time.monotonic()
        done = judge(at)
        yield own_cpu() - ours, cpu_of(backend) - database, time.monotonic() - began
        assert done, "no rule was judged"


def report(title: str, mix: dict[str, int], *, rounds: int, rules: int, threshold: float | None = None) -> None:
    with running(flags=0) as installation:
        from apps.alerts import services
        from apps.alerts.models import Alert
        from apps.core import clock

        at = clock.now().replace(microsecond=0)
        fill(installation.project_id, mix, at, rounds, rules=rules, threshold=threshold)
        moments = [at + n * ROUND for n in range(rounds)]
        spent = list(measured(lambda moment: services.judge_due(at=moment), moments))
        alerts = Alert.objects.open().count()
    settled = [statistics.median(column) for column in zip(*spent[4:], strict=True)]
    both = settled[0] + settled[1]
    worst = max(one[0] + one[1] for one in spent)
    print(
        f"{title:34}{alerts:>8,}{settled[0]:>8.2f}{settled[1]:>10.2f}{both:>13.2f}{both / ALLOWED:>7.2f}{worst:>8.2f}"
        f"{settled[2]:>8.2f}",
        flush=True,
    )


MIXES: dict[str, Callable[[int, int], None]] = {
    "shared": lambda rounds, rules: report("20,000 series, ten rules to each", SHARED, rounds=rounds, rules=rules),
    "distinct": lambda rounds, rules: report("200,000 series, one rule to each", DISTINCT, rounds=rounds, rules=rules),
    "quiet": lambda rounds, rules: report("20,000 series, none bad", SHARED, rounds=rounds, rules=rules, threshold=10),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--rules", type=int, default=RULES)
    parser.add_argument("--only", choices=MIXES)
    parser.add_argument("--prometheus", action="store_true")
    given = parser.parse_args()
    if given.only:
        MIXES[given.only](given.rounds, given.rules)
        return
    load = os.getloadavg()[0]
    print(f"{given.rules:,} rules, {SERIES} series each; ratio to {ALLOWED:g} CPU seconds; load {load:.1f}\n")
    head = f"{'alerts':>8}{'ours':>8}{'database':>10}{'CPU s/round':>13}{'ratio':>7}{'worst':>8}{'clock':>8}"
    print(f"{'':34}{head}", flush=True)
    for name in MIXES:  # each in a process of its own, since Django's settings name one database
        numbers = ["--rounds", str(given.rounds), "--rules", str(given.rules)]
        subprocess.run([sys.executable, __file__, "--only", name, *numbers], check=True)
    if given.prometheus:
        compare(given.rules)


def compare(rules: int) -> None:
    """The first mix, in the real one."""
    metrics = SHARED["metrics"]
    raw = [definition(number % metrics, number // metrics) for number in range(rules)]
    found = seconds_per_round(raw, metrics, SERIES)
    if isinstance(found, str):
        print(found)
        return
    judging, scraping = found
    print(f"Prometheus, 20,000 series, ten rules to each: {judging - scraping:.2f} CPU seconds a round for the rules")
    print(f"({judging:.2f} with scraping, which takes {scraping:.2f})")


if __name__ == "__main__":
    main()
