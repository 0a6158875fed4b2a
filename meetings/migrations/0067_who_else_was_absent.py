"""Minutes name also those who were invited and never had a seat."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("meetings", "0066_known_voices")]

    operations = [
        migrations.AddField(
            model_name="minutes",
            name="absent",
            field=models.CharField(
                blank=True,
                help_text="Invited, and never came; commas between names.",
                max_length=1_000,
                verbose_name="also absent",
            ),
        ),
    ]
