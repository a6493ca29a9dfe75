"""Sentences are counted by the one reader of Spanish, which reads figures, units and loan words."""

from django.db import migrations

from corpus.services.sentences import recount_sounds


def recount(apps, schema_editor):
    recount_sounds(
        sentence_model=apps.get_model("corpus", "Sentence"),
        score_model=apps.get_model("corpus", "ProsodyScore"),
    )


class Migration(migrations.Migration):
    dependencies = [("corpus", "0007_flags_disputes_baselines")]

    operations = [migrations.RunPython(recount, migrations.RunPython.noop, elidable=True)]
