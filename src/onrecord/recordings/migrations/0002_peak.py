from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recordings", "0001_initial")]
    operations = [
        migrations.RenameField("recording", "true_peak", "peak"),
        migrations.AlterField(
            "recording", "peak", models.FloatField(help_text="of its samples as uploaded, dBFS", null=True)
        ),
    ]
