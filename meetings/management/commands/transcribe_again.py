"""`manage.py transcribe_again <code>`: a second pass over a meeting's kept audio, here and now."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from meetings import hearing_again
from meetings.models import Meeting, SecondPass
from meetings.services import second_pass


class Command(BaseCommand):
    help = "Decodes a meeting's kept audio once more; what differs waits on its review page."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="the meeting's join code")
        parser.add_argument("--model", default="", help="another model than SECOND_PASS_MODEL")

    def handle(self, *args: Any, **options: Any) -> None:
        meeting = Meeting.objects.filter(code=options["code"]).first()
        if meeting is None:
            raise CommandError(f"there is no meeting with the code {options['code']}")
        model = options["model"] or hearing_again.model_name()
        if not model:
            raise CommandError("name a model: set SECOND_PASS_MODEL, or use --model")
        try:
            job = second_pass.request(meeting, model)
        except second_pass.NothingKept:
            raise CommandError("there is no kept audio of this meeting, or it still goes on") from None
        if not hearing_again.run(job.pk):
            raise CommandError("a worker is at it already; see the review page")
        job = SecondPass.objects.get(pk=job.pk)
        if job.stage == SecondPass.Stage.FAILED:
            raise CommandError(job.reason)
        suggested = second_pass.open_suggestions(meeting).count()
        self.stdout.write(f"{suggested} lines are suggested, {job.unplaced} words lie outside of all lines")
