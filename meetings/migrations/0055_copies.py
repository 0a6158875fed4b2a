import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("meetings", "0054_webhooks")]

    operations = [
        migrations.AddField(
            model_name="segment",
            name="duplicate_of",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="copies",
                to="meetings.segment",
                verbose_name="copy of",
            ),
        ),
    ]
