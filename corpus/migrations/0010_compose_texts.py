"""Stored texts are composed and made searchable; what is known of consents becomes rows."""

from django.db import migrations

from corpus.text.cleaning import composed, searchable

BATCH = 500


def compose_texts(apps, schema_editor):
    """Compose stored texts; one whose composed form is another sentence's stays as it is."""
    sentences = apps.get_model("corpus", "Sentence").objects
    texts = set(sentences.values_list("text", flat=True))
    rows = list(sentences.only("text", "searchable"))
    for sentence in rows:
        better = composed(sentence.text)
        sentence.searchable = searchable(better)
        if better != sentence.text and better.strip() and better not in texts:
            texts.add(better)
            sentences.filter(pk=sentence.pk).update(text=better)
    sentences.bulk_update(rows, ["searchable"], batch_size=BATCH)


def write_consent_changes(apps, schema_editor):
    """Write what is known of each speaker's consent as rows; who recorded it is not."""
    changes = apps.get_model("corpus", "ConsentChange").objects
    for speaker in apps.get_model("corpus", "Speaker").objects.order_by("pk"):
        given, gone = speaker.consented_at, speaker.withdrawn_at
        if given:
            changes.create(
                speaker=speaker, kind="given", created_at=given, text=speaker.consent_text
            )
        if gone:
            changes.create(speaker=speaker, kind="withdrawn", created_at=gone)


class Migration(migrations.Migration):
    dependencies = [("corpus", "0009_sentence_text_frozen")]

    operations = [
        migrations.RunPython(compose_texts, migrations.RunPython.noop),
        migrations.RunPython(write_consent_changes, migrations.RunPython.noop),
    ]
