"""The form of a webhook."""

from django import forms
from django.utils.translation import gettext_lazy as _

from meetings import outbound
from meetings.services.events import EVENTS


class WebhookForm(forms.Form):
    url = forms.CharField(
        label=_("Address"),
        help_text=_("Of a server that is reached from here, mostly https://…"),
        max_length=2_000,
        widget=forms.URLInput,
    )
    events = forms.MultipleChoiceField(
        label=_("It is told"),
        choices=list(EVENTS.items()),
        widget=forms.CheckboxSelectMultiple,
        initial=["transcript.ready"],
    )

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        try:
            outbound.check_url(url)
        except outbound.AddressRefused as error:
            raise forms.ValidationError(_("This cannot be used: %(why)s."), params={"why": error}) from error
        return url
