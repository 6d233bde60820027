"""Refuses to migrate into a database that holds somebody else's tables."""

from typing import Any

from django.core.management.base import CommandError
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

OUR_APP, OUR_TABLE = "core", "core_auditentry"


def refuse_foreign_database(*, using: str, **_: Any) -> None:
    """A `pre_migrate` receiver; connect it with one app as the sender, so that it runs once."""
    connection = connections[using]
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    if not tables or (OUR_TABLE in tables and _has_our_migrations(using)):
        return
    some = ", ".join(sorted(tables)[:3])
    raise CommandError(
        f"The database {connection.settings_dict['NAME']!r} holds tables that PulseOps did not make "
        f"({len(tables)}: {some}, ...). Nothing was changed. DATABASE_URL is the portal's own database: "
        "give it an empty one. The product's database belongs in PRODUCT_DATABASE_URL."
    )


def _has_our_migrations(using: str) -> bool:
    return MigrationRecorder(connections[using]).migration_qs.filter(app=OUR_APP).exists()
