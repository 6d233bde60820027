"""Fills an installation with flags by the thousand: rows put in directly, as the services would have left them."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import _installation
from _installation import Installation

BUSY_FLAGS, BUSY_DAYS = 200, 30  # flags with usage for longer than a day
BATCH = 20_000


def fill(installation: Installation, numbers: range) -> None:
    """One flag for each number; a tenth have a rule in the environment."""
    from django.db import connection

    from apps.core import clock
    from apps.core.models import Project
    from apps.flags.models import Flag

    at = clock.now()
    project = Project.objects.get(pk=installation.project_id)
    in_batches(_flags(project, numbers, at))
    stock = list(Flag.objects.order_by("-pk")[: len(numbers)])[::-1]
    in_batches(_variants(stock))
    in_batches(_states(stock, project, installation.environment_id, at))
    in_batches(_versions(stock, project, at))
    _usage(installation, stock[0].pk, stock[-1].pk, at)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def in_batches(rows: Iterable[Any]) -> None:
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        type(batch[0]).objects.bulk_create(batch)


def _flags(project: Any, numbers: range, at: datetime) -> Iterator[Any]:
    """One in twenty is archived, one in four is exposed."""
    from apps.flags.models import Flag

    for n in numbers:
        yield Flag(
            project=project,
            key=f"team-{n % 50}.feature-{n}",
            name=f"Feature {n}",
            type="boolean",
            tags=[f"team-{n % 50}"],
            client_exposed=n % 4 == 0,
            salt=f"salt-{n}",
            created_at=at - timedelta(days=90),
            archived_at=at if n % 20 == 19 else None,
        )


def _variants(stock: list[Any]) -> Iterator[Any]:
    from apps.flags.models import Variant

    for flag in stock:
        yield Variant(flag=flag, key="on", value=True, position=0)
        yield Variant(flag=flag, key="off", value=False, position=1)


def _states(stock: list[Any], project: Any, environment_id: int, at: datetime) -> Iterator[Any]:
    from apps.flags.models import FlagState

    environments = list(project.environments.all())
    for n, flag in enumerate(stock):
        for environment in environments:
            ruled = n % 10 == 0 and environment.pk == environment_id
            yield FlagState(
                flag=flag,
                environment=environment,
                status="ON" if ruled or n % 3 == 0 else "KILLED" if n % 97 == 1 else "OFF",
                rules=[_rule(n // 10)] if ruled else [],
                default_variant="off" if ruled else "on",
                off_variant="off",
                changed_at=at - timedelta(days=n % 60),
            )


def _rule(n: int) -> dict[str, Any]:
    """Ten kinds in turn: country, plan, segment, version, address, mixtures, single users, age, and everyone."""
    country = {"attr": ["country"], "op": "in", "value": list(_installation.COUNTRIES[: 1 + n % 4])}
    plan = {"attr": ["plan", "name"], "op": "in", "value": [("free", "pro", "team")[n % 3]]}
    kinds: list[Any] = [
        country,
        plan,
        {"segment": [f"team-{n % 20}"]},
        {"attr": ["app"], "op": "semver_gte", "value": f"{1 + n % 9}.0.0"},
        {"attr": ["email"], "op": "ends_with", "value": [f"@team{n % 30}.example"]},
        {"all": [country, {"not": plan}]},
        {"any": [plan, {"segment": ["staff"]}]},
        {"attr": ["targetingKey"], "op": "in", "value": [f"u-{n}", f"u-{n + 1}"]},
        {"attr": ["age"], "op": "between", "value": [n % 60, n % 60 + 20]},
        None,
    ]
    share = 1_000 * (n % 100)
    serve = {"variant": "on"} if n % 4 == 1 else {"split": [["on", share], ["off", 100_000 - share]]}
    return {"id": "rule", "when": kinds[n % len(kinds)], "serve": serve}


def _versions(stock: list[Any], project: Any, at: datetime) -> Iterator[Any]:
    from django.db import transaction

    from apps.core import audit
    from apps.flags.models import FlagState, FlagStateVersion
    from apps.flags.selectors import definitions

    with transaction.atomic():
        entry = audit.record(kind="flags.flag_created", subject=project, actor=audit.system("benchmark"), at=at)
    rows = FlagState.objects.filter(flag__in=stock).select_related("flag").prefetch_related("flag__variants")
    for state in rows.iterator(chunk_size=BATCH):
        yield FlagStateVersion(state=state, number=1, definition=definitions.whole(state), valid_from=at, entry=entry)


HOURS = """
    INSERT INTO flags_flagusage (flag_id, environment_id, variant, hour, count)
    SELECT f.id, %(environment)s, v.key, date_trunc('hour', %(at)s::timestamptz) - h * interval '1 hour',
           1 + (f.id * 7 + h * 13) %% 900
    FROM flags_flag f JOIN flags_variant v ON v.flag_id = f.id, generate_series(%(first)s, %(last)s) h
    WHERE f.id BETWEEN %(from)s AND %(to)s
"""
ACTIVITY = """
    INSERT INTO flags_flagactivity (state_id, last_served_at, variant, since)
    SELECT s.id, %(at)s, 'off', %(at)s::timestamptz - (s.id %% 40) * interval '1 day'
    FROM flags_flagstate s
    WHERE s.environment_id = %(environment)s AND s.flag_id BETWEEN %(from)s AND %(to)s AND s.flag_id %% 9 <> 0
"""


def _usage(installation: Installation, first: int, last: int, at: datetime) -> None:
    """Every flag in each of the last 24 hours, some for a month; of one in nine nothing was served yet."""
    from django.db import connection

    values: dict[str, Any] = {"environment": installation.environment_id, "at": at, "from": first, "to": last}
    month = {"first": 24, "last": BUSY_DAYS * 24 - 1, "to": min(last, first + BUSY_FLAGS - 1)}
    with connection.cursor() as cursor:
        cursor.execute(HOURS, values | {"first": 0, "last": 23})
        cursor.execute(HOURS, values | month)
        cursor.execute(ACTIVITY, values)
