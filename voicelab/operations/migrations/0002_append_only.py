"""The database itself refuses to change or delete rows of the audit log."""

from django.db import migrations

TABLE = "operations_auditentry"
WHY = "the audit log is append-only"
ON, OFF = {}, {}
ON["sqlite"] = [
    f"CREATE TRIGGER {TABLE}_{verb.lower()} BEFORE {verb} ON {TABLE}"
    f" BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
    for verb in ("UPDATE", "DELETE")
]
OFF["sqlite"] = [f"DROP TRIGGER IF EXISTS {TABLE}_{verb}" for verb in ("update", "delete")]
ON["postgresql"] = [
    f"CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{WHY}'; END $$",
    f"CREATE TRIGGER {TABLE}_change BEFORE UPDATE OR DELETE ON {TABLE}"
    f" FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()",
    f"CREATE TRIGGER {TABLE}_truncate BEFORE TRUNCATE ON {TABLE}"
    f" FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()",
]
OFF["postgresql"] = [f"DROP FUNCTION IF EXISTS {TABLE}_refuse() CASCADE"]


def run(statements):
    def execute(apps, schema_editor):
        for statement in statements[schema_editor.connection.vendor]:
            schema_editor.execute(statement)

    return execute


class Migration(migrations.Migration):
    dependencies = [("operations", "0001_initial")]
    operations = [migrations.RunPython(run(ON), run(OFF))]
