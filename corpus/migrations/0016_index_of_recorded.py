from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("corpus", "0015_recorded_sentences")]

    operations = [
        migrations.AddIndex(
            model_name="sentence",
            index=models.Index(
                fields=["label", "recorded"],
                condition=models.Q(archived_at=None),
                name="current_sentences_recorded",
            ),
        ),
    ]
