"""The Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

from meetings import migrating


class MeetingsConfig(AppConfig):
    name = "meetings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from meetings import revocation  # noqa: F401  (connects its receivers; models must be loaded)

        pre_migrate.connect(migrating.lift_limits, sender=self)
        post_migrate.connect(migrating.restore_limits, sender=self)
