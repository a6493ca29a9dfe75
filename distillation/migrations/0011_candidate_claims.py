import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("distillation", "0010_best_base_voice")]

    operations = [
        migrations.RemoveConstraint(model_name="share", name="one_share_each"),
        migrations.RenameModel(old_name="Share", new_name="CandidateClaim"),
        migrations.RenameField("candidateclaim", old_name="verdict", new_name="evaluation"),
        migrations.AlterModelOptions(
            name="candidateclaim",
            options={
                "ordering": ["number"],
                "verbose_name": "candidate claim",
                "verbose_name_plural": "candidate claims",
            },
        ),
        migrations.AlterField(
            model_name="candidateclaim",
            name="style_run",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="claims",
                to="distillation.stylerun",
                verbose_name="style of a run",
            ),
        ),
        migrations.AlterField(
            model_name="candidateclaim",
            name="evaluation",
            field=models.JSONField(null=True, verbose_name="evaluation"),
        ),
        migrations.AddConstraint(
            model_name="candidateclaim",
            constraint=models.UniqueConstraint(
                fields=("style_run", "number"), name="one_claim_each"
            ),
        ),
    ]
