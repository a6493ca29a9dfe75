"""Each sentence says whether it has a take, accepted or waiting, in the style of its label."""

from django.db import migrations, models

BATCH = 5000  # sentences
RECORDED = """
UPDATE corpus_sentence SET recorded = %s
WHERE id BETWEEN %s AND %s AND recorded = '' AND EXISTS (
    SELECT 1 FROM corpus_recording AS take
    JOIN corpus_speaker AS speaker ON speaker.id = take.speaker_id
    WHERE take.sentence_id = corpus_sentence.id AND take.style_id = corpus_sentence.label_id
      AND take.state = %s AND speaker.consented_at IS NOT NULL AND speaker.withdrawn_at IS NULL
)
"""


def mark(apps, schema_editor):
    sentences = apps.get_model("corpus", "Sentence").objects.using(schema_editor.connection.alias)
    ends = sentences.aggregate(first=models.Min("pk"), last=models.Max("pk"))
    with schema_editor.connection.cursor() as cursor:
        for start in range(ends["first"] or 1, (ends["last"] or 0) + 1, BATCH):
            for recorded, state in (("accepted", "accepted"), ("waiting", "pending")):
                cursor.execute(RECORDED, [recorded, start, start + BATCH - 1, state])


class Migration(migrations.Migration):
    dependencies = [("corpus", "0014_indexes_of_best_takes")]

    operations = [
        migrations.AddField(
            model_name="sentence",
            name="recorded",
            field=models.CharField(
                blank=True,
                choices=[("", "no take"), ("waiting", "to be reviewed"), ("accepted", "accepted")],
                default="",
                editable=False,
                max_length=16,
                verbose_name="best take in the style of the label",
            ),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop, elidable=True),
    ]
