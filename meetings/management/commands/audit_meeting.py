"""`manage.py audit_meeting CODE`: does what is stored of a meeting add up?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from meetings.models import Meeting
from meetings.services import audit


class Command(BaseCommand):
    help = "Checks that all acknowledged audio of a meeting is a final, silence or a gap, once and in order."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="the meeting's join code")

    def handle(self, *args: Any, **options: Any) -> None:
        meeting = Meeting.objects.filter(code=options["code"]).first()
        if meeting is None:
            raise CommandError("there is no meeting with this code", returncode=2)
        for sheet in audit.sheets(meeting):
            self.stdout.write(str(sheet))
        found = list(audit.problems(meeting))
        if found:
            raise CommandError("\n".join(found))
        self.stdout.write(f"{meeting.last_sequence} captions, numbered without holes; everything adds up")
