"""An upload in an unknown language leans towards those that its uploader's browser prefers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("meetings", "0067_who_else_was_absent")]

    operations = [
        migrations.AddField(
            model_name="recording", name="preferred_languages", field=models.JSONField(blank=True, default=list)
        ),
    ]
