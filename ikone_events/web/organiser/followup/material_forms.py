"""Forms of materials: what is typed about a file, link, recording, contact or note."""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField

from ikone_events.domain.followup.access import Availability, Visibility
from ikone_events.domain.followup.details import (
    AVAILABILITY_LABELS,
    VISIBILITY_LABELS,
    MaterialDetails,
    MaterialKind,
)
from ikone_events.domain.refusals import Complaint, UnfitInput
from ikone_events.store.events.models import Event, Material
from ikone_events.web.organiser.fields import LocalTime, local_time, moment_of
from ikone_events.web.shell.filters import language_name
from ikone_events.web.shell.forms import LineField, TextField
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext
from ikone_events.web.shell.interrupted import TeamForm

# Offered languages; a file for `load` may name any other.
_LANGUAGES = ("de", "en", "fr")
_TYPED: dict[str, Any] = {"autocomplete": "off"}


class MaterialForm(TeamForm):
    """What is said about every material."""

    title = LineField(_l("Title"), render_kw={"maxlength": 200, **_TYPED})
    description = TextField(_l("Description"), render_kw={"rows": 3, **_TYPED})
    language = SelectField(_l("Language"), validate_choice=False)
    visibility = SelectField(_l("Who may see it"), default="registered", validate_choice=False)
    availability = SelectField(_l("From when"), default="follow_up", validate_choice=False)
    available_at = LocalTime(_l("Time of release"))


class FileForm(MaterialForm):
    """What is said about a file."""

    accessible = BooleanField(_l("The file is accessible (barrier-free)"))


class SlidesForm(FileForm):
    """A file for participants."""

    file = FileField(_l("File"))


class LinkForm(MaterialForm):
    """A link for participants."""

    url = LineField(_l("Address"), render_kw={"type": "url", "inputmode": "url", **_TYPED})
    accessible = BooleanField(_l("The page is accessible (barrier-free)"))


class RecordingForm(LinkForm):
    """A link to a recording."""

    accessible = BooleanField(_l("The recording is accessible (barrier-free)"))


class ContactForm(MaterialForm):
    """A contact for participants."""

    title = LineField(_l("Topic"), render_kw={"maxlength": 200, **_TYPED})
    name = LineField(_l("Name"), render_kw={"maxlength": 200, **_TYPED})
    email = LineField(
        _l("E-mail address"), render_kw={"type": "email", "inputmode": "email", **_TYPED}
    )


class NoteForm(MaterialForm):
    """A text for participants."""

    description = TextField(_l("Text"), render_kw={"rows": 6, **_TYPED})


FORMS: Mapping[MaterialKind, type[MaterialForm]] = {
    MaterialKind.FILE: FileForm,
    MaterialKind.LINK: LinkForm,
    MaterialKind.RECORDING: RecordingForm,
    MaterialKind.CONTACT: ContactForm,
    MaterialKind.NOTE: NoteForm,
    MaterialKind.ANSWERS: MaterialForm,
}
# By hand; files are uploaded, and answers come from the questions.
ADDED_BY_HAND = (
    *(MaterialKind.LINK, MaterialKind.RECORDING),
    *(MaterialKind.CONTACT, MaterialKind.NOTE),
)


def new_form(cls: type[MaterialForm], kind: MaterialKind, **values: Any) -> MaterialForm:
    """A form of a kind with its choices; names of fields begin with the kind."""
    form = cls(prefix=kind.value, **values)
    return _with_choices(form)


def _with_choices(form: MaterialForm) -> MaterialForm:
    """Offer the choices in the language of the page."""
    known = dict.fromkeys((*_LANGUAGES, form.language.data or ""))
    tags = [(tag, language_name(tag)) for tag in known if tag]
    form.language.choices = [("", _("not said")), *tags]
    form.visibility.choices = [(key.value, _(text)) for key, text in VISIBILITY_LABELS.items()]
    form.availability.choices = [(key.value, _(text)) for key, text in AVAILABILITY_LABELS.items()]
    return form


def form_of(material: Material, event: Event) -> MaterialForm:
    """The form that shows a material."""
    kind = MaterialKind(material.kind)
    values = {
        "name": material.contact_name,
        "email": material.contact_email,
        "available_at": local_time(material.available_at, event.zone),
    }
    names = ("title", "description", "language", "visibility", "availability", "accessible", "url")
    values |= {name: getattr(material, name) for name in names}
    return new_form(FORMS[kind], kind, formdata=None, data=values)


def details_in(form: MaterialForm, event: Event) -> MaterialDetails:
    """What was typed. Raises UnfitInput for a moment that can't be read."""
    found: list[Complaint] = []
    moment = None
    if form.availability.data == Availability.AT:
        moment = moment_of(form.available_at, event.zone, found)
    if found:
        raise UnfitInput(found)
    return MaterialDetails(
        title=form.title.data or "",
        description=form.description.data or "",
        language=form.language.data or "",
        visibility=_one_of(Visibility, form.visibility.data, Visibility.REGISTERED),
        availability=_one_of(Availability, form.availability.data, Availability.FOLLOW_UP),
        available_at=moment,
        accessible=bool(_value(form, "accessible")),
        url=(_value(form, "url") or "").strip(),
        contact_name=_value(form, "name") or "",
        contact_email=(_value(form, "email") or "").strip(),
    )


def has_unreadable_moment(form: MaterialForm) -> bool:
    """Whether the moment that counts was typed and can't be read; its words stand at the field."""
    counts = form.availability.data == Availability.AT
    return counts and not form.available_at.validate(form)


def numbers_of(materials: Iterable[Material]) -> list[str]:
    """How many materials there are of each kind, in words."""
    numbers = Counter(MaterialKind(material.kind) for material in materials)
    words = {
        MaterialKind.FILE: lambda n: ngettext("%(num)d file", "%(num)d files", n),
        MaterialKind.LINK: lambda n: ngettext("%(num)d link", "%(num)d links", n),
        MaterialKind.RECORDING: lambda n: ngettext("%(num)d recording", "%(num)d recordings", n),
        MaterialKind.CONTACT: lambda n: ngettext("%(num)d contact", "%(num)d contacts", n),
        MaterialKind.NOTE: lambda n: ngettext("%(num)d note", "%(num)d notes", n),
    }
    return [words[kind](number) for kind, number in numbers.items() if kind in words]


def _one_of(choices: type[StrEnum], value: str | None, otherwise: StrEnum) -> str:
    """A choice; what no browser sends is the usual one, which shows it to fewer people."""
    return next((each.value for each in choices if each.value == value), otherwise.value)


def _value(form: MaterialForm, name: str) -> Any:
    return form[name].data if name in form else None
