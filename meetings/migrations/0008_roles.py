"""Roles as groups: administrators do everything, reviewers read and correct every meeting, members their own."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

MODELS = ("meeting", "participant", "segment", "segmentrevision", "mark", "sharelink", "auditentry", "audiostream", "user")
REVIEWER = ("view_meeting", "view_participant", "view_segment", "change_segment", "view_segmentrevision", "view_mark")
ROLES = {
    "administrator": [f"{verb}_{model}" for verb in ("add", "change", "delete", "view") for model in MODELS],
    "reviewer": REVIEWER,
    "member": (),
}


def make_roles(apps, _editor):
    meetings = apps.get_app_config("meetings")
    meetings.models_module = True  # or there would be no permissions before the migrations' end
    create_permissions(meetings, apps=apps, verbosity=0)
    meetings.models_module = None
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, codenames in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(
            *Permission.objects.filter(content_type__app_label="meetings", codename__in=codenames)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("meetings", "0007_audit_log"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
