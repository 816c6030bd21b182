"""For whom a letter is shown in the editor: invented data, or a person or event that exists."""

from dataclasses import dataclass

from ikone_events.services.office import now
from ikone_events.services.text_preview import preview
from ikone_events.services.texts import LOCALES, NO_TEXT
from ikone_events.store.events import Event
from ikone_events.store.queries import latest_events_of
from ikone_events.store.registration_search import latest_people
from ikone_events.store.registrations import Registration
from ikone_events.web.access import organiser
from ikone_events.web.organiser.text_form import TextForm, typed_text
from ikone_events.web.organiser.text_places import EVENT, HOUSE, TextPlace
from ikone_events.web.organiser.words import gettext as _

MOST = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter as the page shows it."""

    subject: str
    text: str


def sample_choices(place: TextPlace) -> list[tuple[str, str]]:
    """Invented data first; at an event its people, for the installation its latest events."""
    if place.level == EVENT:
        named = [
            (person.public_id, f"{person.first_name} {person.last_name}")
            for person in _people(place)
        ]
    elif place.level == HOUSE:
        named = [(event.slug, event.title) for event in _events()]
    else:
        named = []
    return [("", _("Invented data")), *named]


def shown_letters(place: TextPlace, kind: str, form: TextForm) -> dict[str, Shown]:
    """The letter in both languages, as it would be written with what stands in the form."""
    event, person = place.event, None
    chosen = form.sample.data or ""
    if place.level == EVENT:
        person = next((one for one in _people(place) if one.public_id == chosen), None)
    elif place.level == HOUSE:
        event = next((one for one in _events() if one.slug == chosen), None)
    german = typed_text(form, "de")
    shown: dict[str, Shown] = {}
    for locale in LOCALES:
        text = typed_text(form, locale)
        text = german if text == NO_TEXT else text
        letter = preview(kind, text, locale, event=event, person=person, now=now())
        shown[locale] = Shown(letter.subject, letter.text)
    return shown


def _people(place: TextPlace) -> list[Registration]:
    return [] if place.event is None else latest_people(place.event, MOST)


def _events() -> list[Event]:
    return latest_events_of(organiser(), MOST)
