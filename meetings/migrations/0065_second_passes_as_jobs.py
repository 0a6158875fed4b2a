"""When a second pass began, and administrators may do with it what they may do with other jobs."""

from django.contrib.auth.management import create_permissions
from django.db import migrations, models


def extend_role(apps, _editor):
    meetings = apps.get_app_config("meetings")
    meetings.models_module = True  # or there would be no permissions before the migrations' end
    create_permissions(meetings, apps=apps, verbosity=0)
    meetings.models_module = None
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    administrator, _ = Group.objects.get_or_create(name="administrator")
    names = [f"{verb}_secondpass" for verb in ("add", "change", "delete", "view")]
    administrator.permissions.add(
        *Permission.objects.filter(content_type__app_label="meetings", codename__in=names)
    )


class Migration(migrations.Migration):
    dependencies = [("meetings", "0064_leases_of_shared_microphones")]

    operations = [
        migrations.AddField(
            model_name="secondpass",
            name="started_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="started"),
        ),
        migrations.RunPython(extend_role, migrations.RunPython.noop),
    ]
