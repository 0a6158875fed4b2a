from django.db import migrations, models

SO_FAR = """
UPDATE meetings_audiostream AS stream
SET silent_samples = greatest(0, settled_sample - coalesce(
    (SELECT sum(end_sample - start_sample) FROM meetings_segment WHERE stream_id = stream.id), 0))
"""


class Migration(migrations.Migration):
    dependencies = [("meetings", "0059_idempotency_keys")]

    operations = [
        migrations.AddField(
            model_name="audiostream",
            name="silent_samples",
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.RunSQL(SO_FAR, migrations.RunSQL.noop),
    ]
