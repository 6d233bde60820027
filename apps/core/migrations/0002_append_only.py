"""The audit trail is append-only in the database itself, whoever connects."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION core_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: % on % is refused', TG_OP, TG_TABLE_NAME;
END $$;
"""
TABLES = ("core_auditentry", "core_auditseal")


def triggers(table):
    return f"""
CREATE TRIGGER core_audit_no_change BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION core_audit_refuse();
CREATE TRIGGER core_audit_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION core_audit_refuse();
"""


def drop(table):
    return f"DROP TRIGGER core_audit_no_change ON {table}; DROP TRIGGER core_audit_no_truncate ON {table};"


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [
        migrations.RunSQL(REFUSE, "DROP FUNCTION core_audit_refuse()"),
        *[migrations.RunSQL(triggers(table), drop(table)) for table in TABLES],
    ]
