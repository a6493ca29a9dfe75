"""Texts are searchable, a recorded one is replaced instead of changed; consents have a history."""

import corpus.sentence_text
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('corpus', '0008_recount_syllables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='sentence',
            name='archived_at',
            field=models.DateTimeField(db_index=True, editable=False, null=True, verbose_name='archived'),
        ),
        migrations.AddField(
            model_name='sentence',
            name='archived_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='archived by'),
        ),
        migrations.AddField(
            model_name='sentence',
            name='searchable',
            field=corpus.sentence_text.SearchField(default='', editable=False, verbose_name='text as it is searched'),
        ),
        migrations.AddField(
            model_name='sentence',
            name='superseded_by',
            field=models.OneToOneField(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='supersedes', to='corpus.sentence', verbose_name='replaced by'),
        ),
        migrations.AlterField(
            model_name='adjudication',
            name='reason',
            field=corpus.sentence_text.ComposedTextField(verbose_name='reason'),
        ),
        migrations.AlterField(
            model_name='category',
            name='name',
            field=corpus.sentence_text.ComposedCharField(max_length=80, verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='category',
            name='reason',
            field=corpus.sentence_text.ComposedCharField(max_length=200, verbose_name='why it is there'),
        ),
        migrations.AlterField(
            model_name='sentence',
            name='text',
            field=corpus.sentence_text.ComposedTextField(unique=True, verbose_name='text'),
        ),
        migrations.AlterField(
            model_name='sentenceflag',
            name='comment',
            field=corpus.sentence_text.ComposedCharField(blank=True, max_length=500, verbose_name='comment'),
        ),
        migrations.AlterField(
            model_name='speaker',
            name='name',
            field=corpus.sentence_text.ComposedCharField(max_length=120, unique=True, verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='stylelabel',
            name='description',
            field=corpus.sentence_text.ComposedCharField(max_length=200, verbose_name='description'),
        ),
        migrations.AlterField(
            model_name='stylelabel',
            name='guide',
            field=corpus.sentence_text.ComposedTextField(verbose_name='guide for the labeler'),
        ),
        migrations.AlterField(
            model_name='stylelabel',
            name='instruction',
            field=corpus.sentence_text.ComposedTextField(verbose_name='instruction for the speaker'),
        ),
        migrations.AlterField(
            model_name='stylelabel',
            name='name',
            field=corpus.sentence_text.ComposedCharField(max_length=80, verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='takeverdict',
            name='reason',
            field=corpus.sentence_text.ComposedTextField(blank=True, verbose_name='reason'),
        ),
        migrations.AlterField(
            model_name='speaker',
            name='withdrawn_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='withdrawn'),
        ),
        migrations.CreateModel(
            name='ConsentChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('given', 'given'), ('withdrawn', 'withdrawn')], max_length=16, verbose_name='consent')),
                ('text', models.TextField(blank=True, verbose_name='consent text')),
                ('created_at', models.DateTimeField(verbose_name='when')),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL, verbose_name='recorded by')),
                ('speaker', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consent_changes', to='corpus.speaker', verbose_name='speaker')),
            ],
            options={
                'verbose_name': 'change of consent',
                'verbose_name_plural': 'changes of consent',
                'ordering': ['-pk'],
            },
        ),
    ]
