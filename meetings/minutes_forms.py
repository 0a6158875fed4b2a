"""The form of the minutes: its fields, and rows of discussion, decisions and action items."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from meetings.models import Minutes
from meetings.names import UNPRINTABLE
from meetings.services.minutes import MAX_ITEMS


def validate_printable(text: str) -> None:
    if UNPRINTABLE.search(text):
        raise forms.ValidationError(_("Control characters are not allowed here."))


def _long(rows: int, **more: Any) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(widget=area, required=False, validators=[validate_printable], **more)


class MinutesForm(forms.ModelForm):  # type: ignore[type-arg]
    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    summary = _long(5, label=_("Summary"), max_length=10_000)

    class Meta:
        model = Minutes
        fields = ("template", "place", "chair", "absent", "summary", "machine_summary", "next_meeting")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.machine_summary:
            del self.fields["machine_summary"]


class DiscussionForm(forms.Form):
    item = forms.CharField(widget=forms.HiddenInput, max_length=10_000, validators=[validate_printable])
    text = _long(3, max_length=5_000)


class EvidenceField(forms.CharField):
    """Sequences of lines, as "3 12"."""

    widget = forms.HiddenInput

    def prepare_value(self, value: Any) -> Any:
        return " ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return sequences_in(super().to_python(value) or "")


def sequences_in(text: str) -> list[int]:
    numbers = text.split()[:100]
    if not all(number.isascii() and number.isdigit() and len(number) < 10 for number in numbers):
        raise forms.ValidationError(_("The lines that support this are named by their numbers."))
    return [int(number) for number in numbers]


class ItemForm(forms.Form):
    """A result of the meeting: when it was said, the lines that support it, and whether a machine put it so."""

    at_ms = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    evidence = EvidenceField(required=False)
    machine = forms.BooleanField(widget=forms.HiddenInput, required=False)  # a language model's words
    sources: Sequence[tuple[int, int]] = ()  # of the evidence: sequence, and when the line begins


class DecisionForm(ItemForm):
    text = _long(2, label=_("Decision"), max_length=2_000)


class ActionForm(ItemForm):
    text = _long(2, label=_("Task"), max_length=2_000)
    owner = forms.CharField(label=_("Owner"), max_length=80, required=False)
    due = forms.DateField(
        label=_("Due"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    done = forms.BooleanField(label=_("Done"), required=False)


_LIMITS: dict[str, Any] = {"max_num": MAX_ITEMS, "absolute_max": MAX_ITEMS, "validate_max": True}
DiscussionRows = forms.formset_factory(DiscussionForm, extra=0, **_LIMITS)
DecisionRows = forms.formset_factory(DecisionForm, extra=1, **_LIMITS)
ActionRows = forms.formset_factory(ActionForm, extra=1, **_LIMITS)


class WholeMinutes:
    """The form of the minutes with its rows; a row whose text is emptied goes away.

    Rows that were sent stand for themselves: a page that saves as one types sends rows it began without, and one that
    equals what is stored must not count as blank.
    """

    def __init__(self, minutes: Minutes, data: Any = None) -> None:
        self.minutes = minutes
        self.form = MinutesForm(data, instance=minutes, initial={"revision": minutes.revision})
        stored = minutes if data is None else Minutes()
        self.discussion = DiscussionRows(data, initial=stored.discussion, prefix="discussion")
        self.decisions = DecisionRows(data, initial=stored.decisions, prefix="decisions")
        self.actions = ActionRows(data, initial=stored.actions, prefix="actions")

    def find_sources(self) -> None:
        """Find the lines that support each row, for a page that links to them."""
        rows: list[Any] = [*self.decisions, *self.actions]
        named = [_named(row) for row in rows]
        lines = self.minutes.meeting.segments.filter(sequence__in={sequence for each in named for sequence in each})
        starts = dict(lines.filter(hidden=False).values_list("sequence", "start_ms"))
        for row, sequences in zip(rows, named, strict=True):
            row.sources = [(sequence, starts[sequence]) for sequence in sequences if sequence in starts]

    def is_valid(self) -> bool:
        checked = [part.is_valid() for part in (self.form, self.discussion, self.decisions, self.actions)]
        return all(checked)  # each part has said what is wrong with it

    @property
    def revision(self) -> int:
        return int(self.form.cleaned_data["revision"])

    def changes(self) -> dict[str, Any]:
        plain = {name: self.form.cleaned_data[name] for name in self.form.fields if name != "revision"}
        return plain | {
            "discussion": [row.cleaned_data for row in self.discussion if row.has_changed()],
            "decisions": _filled(self.decisions),
            "actions": [row | {"due": row["due"].isoformat() if row["due"] else ""} for row in _filled(self.actions)],
        }


def _named(row: ItemForm) -> list[int]:
    try:
        return sequences_in(row["evidence"].value() or "")
    except forms.ValidationError:
        return []


def _filled(rows: Any) -> list[dict[str, Any]]:
    return [row.cleaned_data for row in rows if row.cleaned_data.get("text")]
