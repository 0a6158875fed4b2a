
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('meetings', '0052_roles_of_recordings'),
    ]

    operations = [
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('recording', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='batch', serialize=False, to='meetings.recording')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('expires_at', models.DateTimeField(db_index=True, verbose_name='forgotten')),
            ],
            options={
                'verbose_name_plural': 'batches',
                'ordering': ['-recording__created_at'],
            },
        ),
    ]
