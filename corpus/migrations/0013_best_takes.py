"""Each take has its quality, and says whether it is its speaker's best of the sentence."""

from django.db import migrations, models

BATCH = 5000  # sentences
QUALITY = """
UPDATE corpus_recording SET quality = (
    SELECT score.quality FROM corpus_prosodyscore AS score
    WHERE score.recording_id = corpus_recording.id ORDER BY score.id DESC LIMIT 1
) WHERE sentence_id BETWEEN %s AND %s
"""
BEST = """
UPDATE corpus_recording SET is_best = TRUE WHERE id IN (
    SELECT id FROM (
        SELECT take.id, ROW_NUMBER() OVER (
            PARTITION BY take.sentence_id, take.speaker_id
            ORDER BY take.state, CASE WHEN take.state = 'accepted'
                                      THEN COALESCE(take.quality, -1) END DESC,
                     take.take DESC, take.id DESC
        ) AS turn
        FROM corpus_recording AS take
        JOIN corpus_sentence AS sentence
          ON sentence.id = take.sentence_id AND sentence.label_id = take.style_id
        WHERE take.state <> 'rejected' AND take.sentence_id BETWEEN %s AND %s
    ) AS ranked WHERE turn = 1
)
"""


def rank(apps, schema_editor):
    sentences = apps.get_model("corpus", "Sentence").objects.using(schema_editor.connection.alias)
    ends = sentences.aggregate(first=models.Min("pk"), last=models.Max("pk"))
    with schema_editor.connection.cursor() as cursor:
        for start in range(ends["first"] or 1, (ends["last"] or 0) + 1, BATCH):
            for statement in (QUALITY, BEST):
                cursor.execute(statement, [start, start + BATCH - 1])


class Migration(migrations.Migration):
    dependencies = [("corpus", "0012_newest_qualities")]

    operations = [
        migrations.AddField(
            model_name="recording",
            name="quality",
            field=models.FloatField(editable=False, null=True, verbose_name="quality, 0-1"),
        ),
        migrations.AddField(
            model_name="recording",
            name="is_best",
            field=models.BooleanField(
                default=False,
                editable=False,
                verbose_name="the speaker's best take of the sentence, in the style of its label",
            ),
        ),
        migrations.RunPython(rank, migrations.RunPython.noop, elidable=True),
    ]
