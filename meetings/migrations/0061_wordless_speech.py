from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('meetings', '0060_silent_samples'),
    ]

    operations = [
        migrations.AddField(  # streams that there are stay uncounted
            model_name='audiostream',
            name='wordless_samples',
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='audiostream',
            name='wordless_samples',
            field=models.PositiveBigIntegerField(default=0, null=True),
        ),
    ]
