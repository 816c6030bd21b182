"""The form of one field, and the conversions to a draft and back."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import HiddenInput, TextInput

from ikone_events.domain.refusals import Complaint
from ikone_events.domain.registering.field_rules import (
    CHOICE_LENGTH,
    HELP_LENGTH,
    LABEL_LENGTH,
    MOST_CHOICES,
    MOST_DAYS,
)
from ikone_events.domain.registering.form_fields import (
    CHOOSING,
    KIND_LABELS,
    SEEN_BY_LABELS,
    SHORT_KEEP_DAYS,
    STEERING,
    FieldChoice,
    FieldKind,
    OwnField,
)
from ikone_events.web.organiser.fields import WholeNumber, typed
from ikone_events.web.organiser.frame import show_complaints
from ikone_events.web.organiser.registering.form.fields import value_words
from ikone_events.web.shell.forms import LineField, TextField
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale, translate
from ikone_events.web.shell.interrupted import TeamForm

AS_PERSON, SHORT, OWN_DAYS = "person", "short", "days"
MORE_ROWS, FEWEST_ROWS = 3, 4


class ChoiceForm(Form):
    """One row of the choices; a row without a label is ignored."""

    value = HiddenField()
    label = LineField(_l("Choice"), render_kw={"maxlength": CHOICE_LENGTH, "autocomplete": "off"})
    label_en = LineField(
        _l("In English"), render_kw={"maxlength": CHOICE_LENGTH, "autocomplete": "off"}
    )
    places = WholeNumber(_l("Places"), render_kw={"min": 0, "inputmode": "numeric"})
    retired = BooleanField(_l("No longer offered"))


class FieldForm(TeamForm):
    """One field of an event's form; domain.registering.field_rules checks it."""

    edit_version = WholeNumber(widget=HiddenInput())
    kind = SelectField(_l("Kind"))
    label = TextField(_l("What the field asks for"), render_kw={"rows": 2})
    label_en = TextField(_l("The same in English"), render_kw={"rows": 2})
    help = TextField(_l("Help"), render_kw={"rows": 2, "maxlength": HELP_LENGTH})
    help_en = TextField(_l("Help in English"), render_kw={"rows": 2, "maxlength": HELP_LENGTH})
    required = BooleanField(_l("People must answer"))
    choices = FieldList(FormField(ChoiceForm), max_entries=MOST_CHOICES)
    condition = SelectField(_l("When it is shown"), default="")
    keep = RadioField(_l("How long answers are kept"), default=AS_PERSON)
    keep_days = WholeNumber(
        _l("Days after the event"),
        render_kw={"min": 0, "max": MOST_DAYS, "inputmode": "numeric"},
    )
    seen_by = SelectField(_l("Who sees the answers"), default="viewer")

    def offer(self, before: Sequence[OwnField], kinds: Sequence[FieldKind]) -> None:
        """Fill the lists of choices in the language of the page."""
        self.kind.choices = [SelectChoice(kind.value, _(KIND_LABELS[kind])) for kind in kinds]
        self.seen_by.choices = [SelectChoice(r, _(label)) for r, label in SEEN_BY_LABELS.items()]
        self.keep.choices = [
            SelectChoice(AS_PERSON, _("As long as the person's details")),
            SelectChoice(SHORT, _("Until 7 days after the event: right for food and access needs")),
            SelectChoice(OWN_DAYS, _("For another number of days:")),
        ]
        self.condition.choices = [
            SelectChoice("", _("Always")),
            *(choice for field in before for choice in _conditions(field)),
        ]

    def use_single_lines(self) -> None:
        """Show the labels as single lines; only those of a consent are longer."""
        for label in (self.label, self.label_en):
            label.widget = TextInput()
            label.render_kw = {"maxlength": LABEL_LENGTH, "autocomplete": "off"}

    def add_rows(self, number: int) -> None:
        """Append empty rows to the choices."""
        for _number in range(min(number, MOST_CHOICES - len(self.choices.entries))):
            self.choices.append_entry()


def _conditions(field: OwnField) -> list[SelectChoice]:
    if field.kind not in STEERING:
        return []
    group = field.label_in(page_locale())
    return [
        SelectChoice(
            f"{field.key}={value}",
            _("Only if “%(field)s” is “%(value)s”", field=group, value=value_words(field, value)),
        )
        for value in field.values()
    ]


def values_of(field: OwnField) -> dict[str, object]:
    """Return a stored field as values of the form."""
    days = field.keep_days
    return {
        **{name: getattr(field, name) for name in ("label", "label_en", "help", "help_en")},
        "kind": field.kind.value,
        "required": field.required,
        "choices": [
            {name: getattr(choice, name) for name in choice.__slots__} for choice in field.choices
        ],
        "condition": f"{field.shown_if}={field.shown_value}" if field.shown_if else "",
        "keep": {None: AS_PERSON, SHORT_KEEP_DAYS: SHORT}.get(days, OWN_DAYS),
        "keep_days": None if days in (None, SHORT_KEEP_DAYS) else days,
        "seen_by": field.seen_by,
    }


def draft_of(form: FieldForm, kind: FieldKind) -> OwnField:
    """Return the field that the form describes."""
    shown_if, _equals, shown_value = (form.condition.data or "").partition("=")
    return OwnField(
        kind=kind,
        label=typed(form.label.data),
        label_en=typed(form.label_en.data),
        help=typed(form.help.data),
        help_en=typed(form.help_en.data),
        required=form.required.data,
        choices=tuple(_choices(form)) if kind in CHOOSING else (),
        shown_if=shown_if,
        shown_value=shown_value,
        keep_days=_keep_days(form),
        seen_by=form.seen_by.data,
    )


def _choices(form: FieldForm) -> list[FieldChoice]:
    return [
        FieldChoice(
            value=row.value.data or "",
            label=row.label.data.strip(),
            label_en=(row.label_en.data or "").strip(),
            places=row.places.data,
            retired=row.retired.data,
        )
        for row in (entry.form for entry in form.choices)
        if (row.label.data or "").strip()
    ]


def _keep_days(form: FieldForm) -> int | None:
    if form.keep.data == SHORT:
        return SHORT_KEEP_DAYS
    if form.keep.data == OWN_DAYS:
        return -1 if form.keep_days.data is None else int(form.keep_days.data)
    return None


def place_complaints(form: FieldForm, complaints: tuple[Complaint, ...]) -> None:
    """Add each complaint to its field; those about choices to the first row."""
    about_choices = [c for c in complaints if c.about == "choices"]
    show_complaints(form, tuple(c for c in complaints if c.about != "choices"))
    for complaint in about_choices:
        if form.choices.entries:
            label = form.choices.entries[0].form.label
            label.errors = [*label.errors, translate(complaint)]
        else:
            form.form_errors.append(translate(complaint))
