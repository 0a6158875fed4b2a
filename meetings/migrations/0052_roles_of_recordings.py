"""Administrators may do with recordings, jobs and documents what they may do with meetings."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

MODELS = ("recording", "job", "document", "minutes", "proposal")


def extend_role(apps, _editor):
    meetings = apps.get_app_config("meetings")
    meetings.models_module = True  # or there would be no permissions before the migrations' end
    create_permissions(meetings, apps=apps, verbosity=0)
    meetings.models_module = None
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    administrator, _ = Group.objects.get_or_create(name="administrator")
    names = [f"{verb}_{model}" for verb in ("add", "change", "delete", "view") for model in MODELS]
    administrator.permissions.add(
        *Permission.objects.filter(content_type__app_label="meetings", codename__in=names)
    )


class Migration(migrations.Migration):
    dependencies = [("meetings", "0051_proposals")]

    operations = [migrations.RunPython(extend_role, migrations.RunPython.noop)]
