from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('passages', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='passage',
            name='voices',
            field=models.JSONField(default=list, help_text='who says how many characters of them, in pairs'),
        ),
        migrations.AddField(
            model_name='place',
            name='voices',
            field=models.JSONField(default=list, help_text='as those of a passage'),
        ),
    ]
