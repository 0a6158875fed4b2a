"""The forms people fill in, and what each refuses."""

from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, BaseUserCreationForm
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.exports import LABEL_LANGUAGES, Options
from meetings.languages import LANGUAGE_CHOICES
from meetings.models import Mark, Meeting, Recording, User
from meetings.names import validate_visible
from meetings.services.search import Wanted
from meetings.services.tokens import SCOPES
from transcription.diarization.turns import MAX_SPEAKERS

MARKS_ON_LINES = [choice for choice in Mark.Kind.choices if choice[0] != Mark.Kind.CHAT]


class SignUpForm(BaseUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("email", "display_name")
        labels: ClassVar = {"display_name": _("Your name")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["autocomplete"] = "email"
        self.fields["display_name"].help_text = _("Shown beside what you say.")
        _ask_for_name(self.fields["display_name"])

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("There is an account with this address already: sign in instead."))
        return email


class NameForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("display_name",)
        labels: ClassVar = {"display_name": _("Your name")}
        help_texts: ClassVar = {"display_name": _("Shown beside what you say, from the next meeting on.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_name(self.fields["display_name"])


def _ask_for_name(field: forms.Field) -> None:
    field.widget.attrs["autocomplete"] = "name"
    field.validators.append(validate_visible)


class SignInForm(AuthenticationForm):
    username = forms.EmailField(
        label=_("Email address"), widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "email"})
    )


DEFAULT_MINUTES = 60
LENGTHS = [
    (15, _("15 minutes")),
    (30, _("30 minutes")),
    (60, _("1 hour")),
    (90, _("1½ hours")),
    (120, _("2 hours")),
]


AUDIO_DAYS = [(1, _("1 day")), (7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("a year"))]


class MeetingForm(forms.ModelForm):  # type: ignore[type-arg]
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGE_CHOICES, required=False)
    time_zone = forms.CharField(widget=forms.HiddenInput(attrs={"data-controller": "time-zone"}), required=False)

    planned_at = forms.DateTimeField(
        label=_("When"),
        help_text=_("Empty starts it now. You get a calendar entry to send around."),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    planned_minutes = forms.TypedChoiceField(
        label=_("Length"),
        choices=[
            (15, _("15 minutes")),
            (30, _("30 minutes")),
            (60, _("1 hour")),
            (90, _("1½ hours")),
            (120, _("2 hours")),
        ],
        coerce=int,
        initial=DEFAULT_MINUTES,
        required=False,
    )

    audio_days = forms.TypedChoiceField(
        label=_("If it is kept, for how long"), coerce=int, empty_value=None, required=False
    )

    class Meta:
        model = Meeting
        fields = (
            "title",
            "planned_at",
            "planned_minutes",
            "language",
            "agenda",
            "terms",
            "keep_audio",
            "audio_days",
            "time_zone",
        )
        widgets: ClassVar = {
            "agenda": forms.Textarea(attrs={"rows": 5}),
            "terms": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts: ClassVar = {
            "agenda": _("Names and terms in it help the recogniser."),
            "terms": _(
                "People, products and places that may be mentioned, one a line: the recogniser listens for them, as for"
                " the names of who takes part and for what you put right in earlier meetings."
            ),
            "keep_audio": _("Of those who agree when they enter, so that the transcript can be checked against it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].validators.append(validate_visible)
        audio_days = self.fields["audio_days"]
        assert isinstance(audio_days, forms.TypedChoiceField)
        audio_days.choices = _audio_days()

    def clean(self) -> dict[str, Any]:
        """The time is meant in the time zone of the person's browser."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["planned_minutes"] = cleaned.get("planned_minutes") or DEFAULT_MINUTES
        if planned_at := cleaned.get("planned_at"):
            zone = ZoneInfo(cleaned.get("time_zone") or "UTC")
            cleaned["planned_at"] = planned_at.replace(tzinfo=zone)
            if cleaned["planned_at"] < timezone.now():
                self.add_error("planned_at", _("This time has passed."))
        return cleaned

    def clean_time_zone(self) -> str:
        return known_zone(self.cleaned_data["time_zone"])


def known_zone(zone: str) -> str:
    """The browser fills this in, not the person: a zone unknown here is no reason to refuse a meeting."""
    return zone if zone in available_timezones() else "UTC"


def _audio_days() -> list[tuple[int | str, Any]]:
    """A meeting may keep its audio for less long than is usual here, not for longer."""
    usual = settings.ENVIRONMENT.audio_days
    usually = _("As usual here: %(days)d days") % {"days": usual} if usual else _("Until the meeting is deleted")
    return [("", usually), *(choice for choice in AUDIO_DAYS if not usual or choice[0] < usual)]


class MeetingAdminForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_time_zone(self) -> str:
        zone = str(self.cleaned_data["time_zone"])
        if zone not in available_timezones():
            raise forms.ValidationError(_("No such time zone; one is written like Europe/Berlin."))
        return zone


class LobbyForm(forms.Form):
    """Entering a room: nobody is transcribed who did not agree to it."""

    consent = forms.BooleanField(
        label=_("I agree that what I say with my microphone on is transcribed and kept in the transcript."),
        widget=forms.CheckboxInput(attrs={"data-lobby-target": "agreement"}),
        error_messages={"required": _("Without your agreement you cannot enter: everything said here is transcribed.")},
    )

    audio = forms.BooleanField(
        label=_("I agree that my audio is kept, too. Otherwise what I say is transcribed, and its sound is not kept."),
        widget=forms.CheckboxInput(attrs={"data-lobby-target": "agreement"}),
        required=False,
    )

    def __init__(self, *args: Any, keeps_audio: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not keeps_audio:
            del self.fields["audio"]


class GuestForm(LobbyForm):
    display_name = forms.CharField(
        label=_("Your name"),
        help_text=_("Shown beside what you say."),
        max_length=80,
        validators=[validate_visible],
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "name", "data-lobby-target": "name"}),
    )
    field_order = ("display_name", "consent", "audio")


class DownloadForm(forms.Form):
    """What the address of a download may ask for; what it does not say is as `Options` has it."""

    names = forms.ChoiceField(choices=[("1", _("with names")), ("0", _("without names"))], required=False)
    times = forms.ChoiceField(choices=[("1", _("with times")), ("0", _("without times"))], required=False)
    transcript = forms.ChoiceField(choices=[("1", _("with transcript")), ("0", _("without it"))], required=False)
    insight = forms.ChoiceField(choices=[("0", _("without figures")), ("1", _("with figures"))], required=False)
    text = forms.ChoiceField(choices=[("edited", _("as corrected")), ("original", _("as recognised"))], required=False)

    language = forms.ChoiceField(choices=list(LABEL_LANGUAGES.items()), required=False)

    def options(self) -> Options:
        asked = self.cleaned_data
        return Options(
            names=asked["names"] != "0",
            times=asked["times"] != "0",
            transcript=asked["transcript"] != "0",
            original=asked["text"] == "original",
            insight=asked["insight"] == "1",
            labels=asked["language"],
        )


class SearchForm(forms.Form):
    """All optional but the words."""

    q = forms.CharField(label=_("Words"), max_length=200)
    speaker = forms.CharField(label=_("Said by"), max_length=80, required=False)
    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("Any language")), *LANGUAGE_CHOICES[1:]], required=False
    )
    mark = forms.ChoiceField(label=_("Marked as"), choices=[("", _("Any or none")), *MARKS_ON_LINES], required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or self.cleaned_data
        since, until = fields.get("since"), fields.get("until")
        if since and until and since > until:
            raise forms.ValidationError(_("The first day is after the last one."))
        return fields

    def wanted(self) -> Wanted:
        """What a valid form asks for."""
        fields = dict(self.cleaned_data)
        return Wanted(text=fields.pop("q"), **fields)


class VisibilityForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Meeting
        fields = ("visibility",)
        widgets: ClassVar = {"visibility": forms.RadioSelect}


class LinkForm(forms.Form):
    days = forms.TypedChoiceField(
        label=_("Works for"),
        choices=[(1, _("1 day")), (7, _("7 days")), (30, _("30 days")), (90, _("90 days"))],
        coerce=int,
        initial=7,
    )


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), help_text=_("What will use it."), max_length=80, validators=[validate_visible]
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"), choices=list(SCOPES.items()), widget=forms.CheckboxSelectMultiple, initial=["meetings:read"]
    )
    days = forms.TypedChoiceField(
        label=_("It ends"),
        choices=[(30, _("in 30 days")), (90, _("in 90 days")), (365, _("in a year")), (0, _("never"))],
        coerce=int,
        initial=90,
    )


class RecordingForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=200, validators=[validate_visible])
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGE_CHOICES, required=False)
    speakers = forms.ChoiceField(
        label=_("Speakers"), choices=Recording.Speakers.choices, initial=Recording.Speakers.AUTO, required=False
    )
    speakers_least = forms.IntegerField(label=_("At least"), min_value=1, max_value=MAX_SPEAKERS, required=False)
    speakers_most = forms.IntegerField(label=_("At most"), min_value=1, max_value=MAX_SPEAKERS, required=False)
    keep_audio = forms.BooleanField(
        label=_("Keep the audio to hear it in the review: everybody in the recording agrees"), required=False
    )
    size_bytes = forms.IntegerField(min_value=1, widget=forms.HiddenInput, required=True)

    def clean_speakers(self) -> str:
        return self.cleaned_data["speakers"] or Recording.Speakers.ONE

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        least, most = cleaned.get("speakers_least"), cleaned.get("speakers_most")
        if least and most and least > most:
            raise ValidationError(_("There cannot be fewer speakers at most than at least."))
        return cleaned
